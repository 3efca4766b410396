"""``segue demo``: a rollout on real voices, in two minutes."""
