"""What is counted, where it can be read, and what is logged."""
