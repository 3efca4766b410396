"""The APIs: a folder for each dialect, all served by one pipeline."""
