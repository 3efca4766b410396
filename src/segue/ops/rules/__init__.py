"""Recording and alerting rules for Prometheus, made from the plan that the judge works by."""
