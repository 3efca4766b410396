"""The rules for written forms in English, in the order in which they apply."""

from __future__ import annotations

from segue.speech.core.text.verbalize import (
    english_abbreviations,
    english_dates,
    english_money,
    english_numbers,
    english_units,
    kept,
)

RULES = (
    *kept.RULES,
    *english_numbers.EARLY_RULES,
    *kept.LAST_RULES,
    *english_money.RULES,
    *english_abbreviations.RULES,
    *english_dates.RULES,
    *english_units.EARLY_RULES,
    *english_numbers.RULES,
    *english_units.RULES,
    *english_numbers.LATE_RULES,
)
