"""``segue rollout``: a client of a running service's control API."""
