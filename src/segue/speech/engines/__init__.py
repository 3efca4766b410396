"""Speech engines, independent of each other and registered under the entry-point group ``segue.engines``."""
