"""``segue keys``: creates, lists and revokes API keys of a running service."""
