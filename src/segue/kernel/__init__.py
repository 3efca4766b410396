"""What both halves share: errors, the two arms, the assignment of listeners to arms, and the recorder."""
