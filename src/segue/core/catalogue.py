"""Voices, what they can do, and which character speaks with which of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.core.errors import InvalidRequest
from segue.core.speech import Arm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.core.speech import PhoneticAlphabet


@dataclass(frozen=True, slots=True)
class Range:
    """A closed interval of values that a voice accepts."""

    low: float
    high: float

    def clamp(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a voice does by itself. ``None`` or empty: it does not.

    ``pitch_semitones`` and ``rate_ratio`` are the ranges it accepts; ``max_input_bytes`` counts UTF-8;
    ``max_sentence_chars`` is where known services refuse a single sentence. ``exact_pauses``: pauses of a given
    length inside an utterance; ``named_pauses``: only short, medium and long ones. ``spans`` names the fields of
    ``Span`` that it takes inside an utterance. ``phonemes`` are the sounds (IPA) it knows, empty where it takes
    whatever its alphabets can write. ``skips_emoji``: it is known to say nothing for them. ``max_word_chars``
    and ``max_number_chars``: of a longer word or number it is known to leave out the rest.
    """

    pitch_semitones: Range | None = None
    rate_ratio: Range | None = None
    alphabets: frozenset[PhoneticAlphabet] = frozenset()
    streaming: bool = False
    max_input_bytes: int | None = None
    max_sentence_chars: int | None = None
    exact_pauses: bool = False
    named_pauses: bool = False
    spans: frozenset[str] = frozenset()
    phonemes: frozenset[str] = frozenset()
    skips_emoji: bool = False
    max_word_chars: int | None = None
    max_number_chars: int | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of one engine.

    ``scripts`` (ISO 15924) are what it can read aloud, the one it was made for first. ``family`` groups voices
    that share limits and fail together. ``label`` is the honest name shown to callers.
    """

    name: str
    engine: str
    family: str
    locale: str
    scripts: tuple[str, ...]
    label: str
    capabilities: Capabilities = field(default_factory=Capabilities)
    gender: str | None = None

    def speaks(self, language: str) -> bool:
        """Whether ``language`` (BCP 47) is this voice's; regions differ, languages must not."""
        return primary_language(language) == primary_language(self.locale)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a character uses a voice on one arm: the design, before a request's own controls."""

    voice: str
    pitch_semitones: float = 0.0
    rate_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Character:
    """Someone who speaks: the deliveries of each arm, in order of preference."""

    key: str
    name: str
    deliveries: Mapping[Arm, tuple[Delivery, ...]]


@dataclass(frozen=True, slots=True)
class ArmSpec:
    """What stands behind an arm: an engine, and the label its results are counted under."""

    engine: str
    model: str


@dataclass(frozen=True, slots=True)
class Quota:
    """What a vendor allows one voice family. ``None``: no limit. Prices and limits are dated data."""

    requests_per_minute: float | None = None
    chars_per_minute: float | None = None
    concurrent_streams: int | None = None
    usd_per_million_chars: float | None = None
    as_of: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everyone who can speak, by both arms."""

    profile: str
    language: str
    arms: Mapping[Arm, ArmSpec]
    characters: Mapping[str, Character]
    default_character: str
    aliases: Mapping[str, str]
    quotas: Mapping[tuple[str, str], Quota]

    def character(self, key: str) -> Character:
        """The character of that key or alias.

        Raises:
            InvalidRequest: nobody is called that.
        """
        found = self.characters.get(key) or self.characters.get(self.aliases.get(key, ""))
        if found is None:
            known = ", ".join(sorted(self.characters))
            raise InvalidRequest(f"unknown character {key[:64]!r}; known: {known}", field="character_key")
        return found

    def arm_named(self, name: str) -> Arm:
        """The arm a caller means by a model's name: ``wavenet`` and ``chirp3-hd`` in every profile, the arms' own
        names, and the profile's labels.

        Raises:
            InvalidRequest: no arm is called that.
        """
        meant = self.arm_meant(name)
        if meant is None:
            known = ", ".join(dict.fromkeys((*ARM_NAMES, *(spec.model for spec in self.arms.values()))))
            raise InvalidRequest(f"unknown voice model {name[:64]!r}; known: {known}", field="force_voice_model")
        return meant

    def arm_meant(self, name: str) -> Arm | None:
        """The same where a model's name need not mean an arm: None then."""
        if name in ARM_NAMES:
            return ARM_NAMES[name]
        for arm, spec in self.arms.items():
            if spec.model == name:
                return arm
        return None


ARM_NAMES = {"wavenet": Arm.BASELINE, "chirp3-hd": Arm.CANDIDATE, **{str(arm): arm for arm in Arm}}
"""What callers say for the arms, whatever engines stand behind them."""

_LANGUAGE_SYNONYMS = {"zh": "cmn", "cmn": "cmn", "iw": "he", "no": "nb", "tl": "fil"}
_CANTONESE = {"zh-hk", "zh-mo", "yue-hk", "yue"}


def primary_language(tag: str) -> str:
    """The language of a BCP 47 tag, in one spelling: ``zh-TW`` and ``cmn-Hant-TW`` are both ``cmn``."""
    lowered = tag.lower()
    if lowered in _CANTONESE:
        return "yue"
    language = lowered.partition("-")[0]
    return _LANGUAGE_SYNONYMS.get(language, language)
