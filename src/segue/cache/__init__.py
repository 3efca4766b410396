"""Where audio is kept: in memory, in files, and both as one."""
