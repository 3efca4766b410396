"""Exit statuses and their meaning."""

from __future__ import annotations

OK = 0
FAILED = 1
"""The command ran, and its check or action failed."""

USAGE = 2
"""The command, its settings or its files are invalid; nothing was done."""

UNREACHABLE = 3
"""No service answers at the address, or the service cannot reach its store; nothing was done."""

DENIED = 4
"""The token or key is missing or wrong or not allowed to, or the control API is disabled; nothing was done."""

CONFLICT = 5
"""Someone else changed the rollout since the given revision, or while the command ran; nothing was done."""

NOT_NOW = 6
"""The rollout's phase, or the environment, does not allow it; nothing was done."""
