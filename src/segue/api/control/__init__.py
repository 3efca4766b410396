"""The control API, for operators with the admin token or an API key."""
