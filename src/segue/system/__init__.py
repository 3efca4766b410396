"""The operating system: the program's clock, entropy, signals, disk and memory."""
