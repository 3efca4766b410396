"""Interfaces for engines, caches and job stores."""
