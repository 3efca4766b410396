"""``segue monitor``: fetch, report, print; what is made of the metrics is in ``segue.ops.monitor``."""
