"""Segue's own API: ``/api/v1/audio``."""
