"""``segue verify``: checks a deployment from outside."""
