"""The judge: plans, gates, statistics and decisions. Pure: no I/O, no clock, no hidden randomness."""
