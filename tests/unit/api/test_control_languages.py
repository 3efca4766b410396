"""Which language of messages an ``Accept-Language`` asks for."""

from __future__ import annotations

import pytest

from segue.api.control.languages import preferred
from segue.rollout.wording import Language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, Language.ENGLISH),
        ("", Language.ENGLISH),
        ("*", Language.ENGLISH),
        ("en-GB,en;q=0.9", Language.ENGLISH),
        ("zh-TW", Language.TRADITIONAL_CHINESE),
        ("zh-Hant-HK, en;q=0.8", Language.TRADITIONAL_CHINESE),
        ("en;q=0.3, ZH;q=0.9", Language.TRADITIONAL_CHINESE),
        ("fr, de;q=0.9, zh-CN;q=0.2", Language.TRADITIONAL_CHINESE),
        ("en, zh", Language.ENGLISH),
        ("zh;q=0, en;q=0.1", Language.ENGLISH),
        ("zh;q=x", Language.ENGLISH),
        ("zh;q=-1", Language.ENGLISH),
        ("zh ; q=1.0", Language.TRADITIONAL_CHINESE),
        (";;;,,,=", Language.ENGLISH),
        ("fr," * 5000 + "zh", Language.ENGLISH),
    ],
)
def test_the_language_with_the_most_weight_is_taken(header: str | None, language: Language) -> None:
    assert preferred(header) is language
