"""Generated documents for operators: reports, rules, dashboards, the metrics page and the monitor."""
