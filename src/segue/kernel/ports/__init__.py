"""Interfaces that both halves use."""
