"""The language in which a client wants messages, from its ``Accept-Language`` (RFC 9110, 12.5.4)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from segue.rollout.wording import MessageLanguage

_MOST_RANGES = 20
_BY_PRIMARY_TAG = {
    "en": MessageLanguage.ENGLISH,
    "zh": MessageLanguage.TRADITIONAL_CHINESE,
    "*": MessageLanguage.ENGLISH,
}


def preferred(accept_language: str | None) -> MessageLanguage:
    """The language with the highest weight among those with words; English if there is none.

    All kinds of Chinese count as Traditional Chinese, because a reader of Simplified Chinese reads it more easily
    than English.
    """
    best, best_weight = MessageLanguage.ENGLISH, 0.0
    for entry in (accept_language or "").split(",")[:_MOST_RANGES]:
        tag, _, parameters = entry.strip().partition(";")
        found = _BY_PRIMARY_TAG.get(tag.strip().lower().partition("-")[0])
        weight = _weight(parameters)
        if found is not None and weight > best_weight:
            best, best_weight = found, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(1.0, float(value)) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0


def _of_request(accept_language: Annotated[str | None, Header()] = None) -> MessageLanguage:
    return preferred(accept_language)


Wanted = Annotated[MessageLanguage, Depends(_of_request)]
"""A parameter of a route: the language of its messages."""
