"""Checks before the service starts: settings, catalogue, plan, exposure."""
