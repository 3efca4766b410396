"""The speech half: turns a request into audio on the arm that it is assigned to."""
