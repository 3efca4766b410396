"""Metrics and logs: the catalogue of metrics, the exporter and the log lines."""
