"""Interfaces of the rollout half: store, signals, notices, reports."""
