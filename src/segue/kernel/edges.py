"""Bucket edges for durations; metrics and the judge use the same ones."""

EDGES_S = (0.35, 0.75, 1.0, 1.5, 2.0, 2.5, 4.0, 5.0, 7.5, 10.0)
"""Durations that a gate can use as a limit: for each edge, the number of longer durations is counted exactly."""

FIRST_AUDIO_EDGES_S = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
"""The same for the time to the first sound of a stream, which is shorter."""
