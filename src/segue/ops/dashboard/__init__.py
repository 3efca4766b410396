"""The Grafana dashboard, made from the catalogue of metrics and the plan."""
