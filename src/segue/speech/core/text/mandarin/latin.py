"""Latin words in a Chinese text: spelled out, or read as English, as newsreaders in Taiwan do."""

from __future__ import annotations

_WORDS = frozenset(
    (
        "NASA NATO SARS MERS APEC OPEC FIFA UEFA AIDS IKEA LINE LOGO PO RAM ROM JPEG PIN SIM WIFI VISA UBER OPEN "
        "SPA HIGH MAX MINI PLUS AIR JAVA LIVE"
    ).split()
)
"""Words in capitals that are not spelled out."""
_SPELLED = frozenset({"app"})
"""Lower-case words that are spelled out in Taiwan."""
_LONGEST_SPELLED = 4
_VOWELS = frozenset("AEIOUY")


def is_spelled(word: str) -> bool:
    """Whether its letters are said one by one."""
    if len(word) == 1 or word.lower() in _SPELLED:
        return True
    if not word.isupper() or word in _WORDS:
        return False
    return len(word) <= _LONGEST_SPELLED or not _VOWELS & set(word)
