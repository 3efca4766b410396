"""Prepares text for engines: cleaned, measured, and analysed as far as speech needs it."""
