"""The Grafana dashboard, generated from the catalogue of metrics and the plan."""
