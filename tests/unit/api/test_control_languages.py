"""Which language of messages an ``Accept-Language`` asks for."""

from __future__ import annotations

import pytest

from segue.api.control.languages import preferred
from segue.rollout.wording import MessageLanguage


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, MessageLanguage.ENGLISH),
        ("", MessageLanguage.ENGLISH),
        ("*", MessageLanguage.ENGLISH),
        ("en-GB,en;q=0.9", MessageLanguage.ENGLISH),
        ("zh-TW", MessageLanguage.TRADITIONAL_CHINESE),
        ("zh-Hant-HK, en;q=0.8", MessageLanguage.TRADITIONAL_CHINESE),
        ("en;q=0.3, ZH;q=0.9", MessageLanguage.TRADITIONAL_CHINESE),
        ("fr, de;q=0.9, zh-CN;q=0.2", MessageLanguage.TRADITIONAL_CHINESE),
        ("en, zh", MessageLanguage.ENGLISH),
        ("zh;q=0, en;q=0.1", MessageLanguage.ENGLISH),
        ("zh;q=x", MessageLanguage.ENGLISH),
        ("zh;q=-1", MessageLanguage.ENGLISH),
        ("zh ; q=1.0", MessageLanguage.TRADITIONAL_CHINESE),
        (";;;,,,=", MessageLanguage.ENGLISH),
        ("fr," * 5000 + "zh", MessageLanguage.ENGLISH),
    ],
)
def test_the_language_with_the_most_weight_is_taken(header: str | None, language: MessageLanguage) -> None:
    assert preferred(header) is language
