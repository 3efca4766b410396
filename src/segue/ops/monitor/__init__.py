"""A service's metrics read from outside: scrapes make windows, windows make measures, measures make verdicts."""
