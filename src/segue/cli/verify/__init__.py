"""``segue verify``: a deployment looked over from outside, check by check."""
