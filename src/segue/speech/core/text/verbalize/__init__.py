"""Replaces written forms with words (``$5`` with ``5 dollars``), for engines that do not read them correctly."""
