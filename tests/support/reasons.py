"""The judge's reasons in English, as tests read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.wording import messages

if TYPE_CHECKING:
    from segue.rollout.core.decide import Decision


def english(decision: Decision) -> tuple[str, ...]:
    return messages(decision.reasons)
