"""Steering while the service runs: for operators, behind a token."""
