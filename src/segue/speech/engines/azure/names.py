"""What the names of Azure's voices contain: their language, and the kind of voice.

Facts from https://learn.microsoft.com/azure/ai-services/speech-service: language-support, high-definition-voices
and openai-voices (2025-10-21).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

_NAME = re.compile(
    r"(?P<locale>[a-z]{2,3}(?:-[A-Z][a-z]{3})?-[A-Z]{2}(?:-[a-z]+)?)-[A-Z0-9][A-Za-z0-9-]*(?P<base>:[A-Za-z0-9-]+)?"
)
"""As ``zh-TW-HsiaoChenNeural``, ``zh-CN-liaoning-XiaobeiNeural`` or ``en-US-Ava:DragonHDLatestNeural``."""
_OPENAI = re.compile(r"-(Alloy|Echo|Fable|Onyx|Nova|Shimmer)(Turbo)?MultilingualNeural(HD)?$")
_MULTILINGUAL = "Multilingual"


class AzureFamily(StrEnum):
    """Families of voices. They support different markup, and have different prices."""

    NEURAL = "neural"
    HD = "neural-hd"
    OPENAI = "openai"


class Told(NamedTuple):
    """The content of a name. ``locale`` is empty for custom voices."""

    locale: str
    kind: AzureFamily
    is_multilingual: bool


def told_by(name: str) -> Told:
    parts = _NAME.fullmatch(name)
    if parts is None:
        return Told("", AzureFamily.NEURAL, is_multilingual=False)
    if parts["base"]:
        return Told(parts["locale"], AzureFamily.HD, is_multilingual=True)
    if _OPENAI.search(name):
        return Told(parts["locale"], AzureFamily.OPENAI, is_multilingual=True)
    return Told(parts["locale"], AzureFamily.NEURAL, is_multilingual=_MULTILINGUAL in name)
