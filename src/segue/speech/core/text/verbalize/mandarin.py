"""The rules for written forms in Mandarin, in the order in which they apply, for both scripts."""

from __future__ import annotations

from segue.speech.core.text.verbalize import kept, mandarin_dates, mandarin_numbers, mandarin_units

_FIRST = (*kept.RULES, *mandarin_numbers.EARLY_RULES, *kept.LAST_RULES)
_THEN = (
    *mandarin_units.RULES,
    *mandarin_dates.RULES,
    *mandarin_numbers.RULES,
    *mandarin_numbers.LATE_RULES,
)

TRADITIONAL = (*_FIRST, mandarin_units.MONEY, *_THEN)
SIMPLIFIED = (*_FIRST, mandarin_units.MAINLAND_MONEY, *_THEN)
"""Still in Traditional characters; they are converted at the end."""
