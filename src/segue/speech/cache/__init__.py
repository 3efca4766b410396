"""The audio cache: in memory, in files, and both combined."""
