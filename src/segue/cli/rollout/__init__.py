"""``segue rollout``: a client of a running service's control API, a file for each family of verbs."""
