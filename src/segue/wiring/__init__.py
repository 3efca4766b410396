"""The only place where components are connected: builds a running service from settings. Contains no logic."""
