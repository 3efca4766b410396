"""What the exit status says."""

from __future__ import annotations

OK = 0
FAILED = 1
"""The command ran, and what it was to show or do did not hold."""

USAGE = 2
"""The command, its settings or its files are wrong; nothing was done."""
