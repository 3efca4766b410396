"""SSML as the classic voices read it (Google's page "Speech Synthesis Markup Language", as of 2026-11).

Google passes over some of what it cannot read; the stand-in refuses it, so that a test notices.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # the documents come from tests, and expat bounds their expansion

if TYPE_CHECKING:
    from collections.abc import Mapping

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_TIME = r"\+?(?:10(?:\.0+)?|\d(?:\.\d+)?)s|\+?(?:\d{1,4}|10000)(?:\.\d+)?ms"

_VALUES: Mapping[str, Mapping[str, str]] = {
    "speak": {_LANG: ".*"},
    "p": {_LANG: ".*"},
    "s": {_LANG: ".*"},
    "sub": {"alias": ".+"},
    "mark": {"name": ".+"},
    "break": {"time": _TIME, "strength": "none|x-weak|weak|medium|strong|x-strong"},
    "emphasis": {"level": "strong|moderate|reduced|none"},
    "say-as": {"interpret-as": ".+", "format": ".+", "detail": ".+", "language": ".+"},
    "phoneme": {"alphabet": "ipa|x-sampa", "ph": ".+"},
    "lang": {_LANG: ".+"},
    "voice": {"name": ".+", "language": ".+", "gender": ".+", "required": ".+"},
    "prosody": {
        "rate": r"x-slow|slow|medium|fast|x-fast|default|[+-]?\d+(?:\.\d+)?%",
        "pitch": r"x-low|low|medium|high|x-high|default|[+-]?\d+(?:\.\d+)?(?:%|st)",
        "volume": r"silent|x-soft|soft|medium|loud|x-loud|default|[+-]\d+(?:\.\d+)?dB",
    },
}
"""What each tag may say, and how."""

_NEEDED = {"sub": "alias", "say-as": "interpret-as", "phoneme": "ph", "lang": _LANG}


def read(source: str) -> str | None:
    """What is heard of a document; None where it is none that the voices read."""
    try:
        document = ET.fromstring(source)
    except ET.ParseError:
        return None
    if document.tag != "speak" or not all(_is_right(element) for element in document.iter()):
        return None
    return "".join(document.itertext())


def _is_right(element: ET.Element) -> bool:
    values = _VALUES.get(element.tag)
    if values is None or _NEEDED.get(element.tag, "") not in {"", *element.attrib}:
        return False
    return all(name in values and re.fullmatch(values[name], value) for name, value in element.attrib.items())
