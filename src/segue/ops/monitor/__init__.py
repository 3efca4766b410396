"""Monitors a service from outside: scrapes become windows, windows become measures, measures become verdicts."""
