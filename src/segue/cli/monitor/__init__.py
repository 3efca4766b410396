"""``segue monitor``: fetches, reports, prints. The evaluation of the metrics is in ``segue.ops.monitor``."""
