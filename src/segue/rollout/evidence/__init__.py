"""The evidence for the judge: units that workers count and publish, and that the judge gathers."""
