"""Samples: read, judged, levelled and wrapped."""
