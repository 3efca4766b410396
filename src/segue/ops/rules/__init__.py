"""Recording and alerting rules for Prometheus, generated from the plan that the judge uses."""
