"""What the exit status says."""

from __future__ import annotations

OK = 0
FAILED = 1
"""The command ran, and what it was to show or do did not hold."""

USAGE = 2
"""The command, its settings or its files are wrong; nothing was done."""

UNREACHABLE = 3
"""No service answers there, or the service cannot reach its store; nothing was done."""

DENIED = 4
"""The token is missing or wrong, or the control API is closed; nothing was done."""

CONFLICT = 5
"""Someone else changed the rollout after the revision that was seen; nothing was done."""

NOT_NOW = 6
"""The rollout's phase, or the environment, does not allow it; nothing was done."""
