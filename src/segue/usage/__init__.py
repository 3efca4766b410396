"""What was used, by whom, and at what price."""
