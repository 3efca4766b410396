"""The judge's reasons in words, in English and Traditional Chinese."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from segue.rollout.core.reasons import Reason
from segue.rollout.wording import english, traditional_chinese

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.rollout.core.gates import Reading


class MessageLanguage(StrEnum):
    """The languages with words for reasons, as BCP 47 tags."""

    ENGLISH = "en"
    TRADITIONAL_CHINESE = "zh-TW"


_WORDS = {MessageLanguage.ENGLISH: english.WORDS, MessageLanguage.TRADITIONAL_CHINESE: traditional_chinese.WORDS}


def message(reason: Reason | str, language: MessageLanguage = MessageLanguage.ENGLISH) -> str:
    """The reason as one sentence without a full stop.

    Histories of development versions have sentences in place of reasons; they are returned as they are. A reason
    of a newer version, which has no words here, is shown with its code and values.
    """
    if isinstance(reason, str):
        return reason
    words = _WORDS[language].get(reason.code)
    try:
        if words is not None:
            return words(reason.values)
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    return " ".join([reason.code, *(f"{name}={value}" for name, value in reason.values.items())])


def messages(
    reasons: Iterable[Reason | str], language: MessageLanguage = MessageLanguage.ENGLISH
) -> tuple[str, ...]:
    return tuple(message(one, language) for one in reasons)


def sentence(reading: Reading, language: MessageLanguage = MessageLanguage.ENGLISH) -> str:
    """The result of a gate in one sentence."""
    return reading.sentence if reading.reason is None else message(reading.reason, language)
