"""The quiet core: values and decisions.

Nothing here reads a clock, a file, a socket or a random source; what a function needs, it is handed.
"""
