"""The machine: the only clock, sleep and entropy of the program."""
