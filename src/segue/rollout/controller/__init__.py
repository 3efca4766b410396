"""The controller: the loop that observes, decides and applies, and the operators' commands and reports."""
