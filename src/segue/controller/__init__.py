"""Observe, decide, apply, sleep: the one loop of the program, and the record it keeps."""
