"""The doors: a folder for each dialect, over one pipeline."""
