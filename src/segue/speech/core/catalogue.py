"""Voices, their capabilities, and the characters that use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.kernel.arms import Arm
from segue.kernel.errors import AmbiguousName, InvalidRequest, UnknownCharacter
from segue.kernel.names import Names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.speech.core.speech import PhoneticAlphabet


@dataclass(frozen=True, slots=True)
class Range:
    """A closed interval of values that a voice accepts."""

    low: float
    high: float

    def clamp(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a voice supports. ``None`` or empty: not supported.

    ``pitch_semitones`` and ``rate_ratio`` are the ranges that it accepts. ``max_input_bytes`` (UTF-8) and
    ``max_input_chars`` (code points) are limits of one call. ``max_sentence_chars`` is the length from which known
    services refuse a single sentence. ``exact_pauses``: pauses of a given length inside an utterance;
    ``named_pauses``: only short, medium and long ones. ``spans`` names the fields of ``Span`` that are supported
    inside an utterance. ``phonemes`` are the known sounds (IPA); empty: all that its alphabets can write.

    The other fields describe known behaviour. ``skips_emoji``: it says nothing for emoji. ``max_word_chars`` and
    ``max_number_chars``: it drops the rest of a longer word or number. ``named_alone`` are signs whose names it
    says even if the text contains nothing else. ``verbalizes``: it reads amounts, dates, units and abbreviations
    correctly for its language; for other voices, they are replaced with words first
    (``segue.speech.core.text.verbalize``). ``skipped_signs`` are signs that stand for a word but that it says
    nothing for.
    """

    pitch_semitones: Range | None = None
    rate_ratio: Range | None = None
    alphabets: frozenset[PhoneticAlphabet] = frozenset()
    streaming: bool = False
    max_input_bytes: int | None = None
    max_input_chars: int | None = None
    max_sentence_chars: int | None = None
    exact_pauses: bool = False
    named_pauses: bool = False
    spans: frozenset[str] = frozenset()
    phonemes: frozenset[str] = frozenset()
    skips_emoji: bool = False
    max_word_chars: int | None = None
    max_number_chars: int | None = None
    named_alone: frozenset[str] = frozenset()
    verbalizes: bool = True
    skipped_signs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of one engine.

    ``scripts`` (ISO 15924) are those that it can read aloud, with the script it was made for first. ``family``
    groups voices that share limits and fail together. ``label`` is the name shown to callers; it must state which
    voice this really is.
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
        """Whether the voice speaks ``language`` (BCP 47). The region may differ, but not the language."""
        return primary_language(language) == primary_language(self.locale)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a character uses a voice on one arm, before the controls of a request are applied.

    ``engine`` is the engine's name in this catalogue; empty: the arm's engine (``Catalogue.engine_of``). If this
    delivery fails, its ``backups`` are tried in order, before the other arm. Backups have no backups of their own.
    """

    voice: str
    pitch_semitones: float = 0.0
    rate_ratio: float = 1.0
    engine: str = ""
    backups: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Character:
    """A speaking role, with the deliveries of each arm in order of preference."""

    key: str
    name: str
    deliveries: Mapping[Arm, tuple[Delivery, ...]]


@dataclass(frozen=True, slots=True)
class ArmSpec:
    """The label of an arm in metrics, and the engine for deliveries that do not name one.

    ``engine`` is empty if every delivery names its own.
    """

    engine: str
    model: str


@dataclass(frozen=True, slots=True)
class Quota:
    """A vendor's limits for one voice family.

    ``None``: no limit. Prices and limits carry a date, because they change.
    """

    requests_per_minute: float | None = None
    chars_per_minute: float | None = None
    concurrent_streams: int | None = None
    usd_per_million_chars: float | None = None
    as_of: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All characters, with their voices on both arms.

    Deliveries and quotas refer to an engine by its name in the catalogue. ``uses`` maps the names that the file
    defines to installed engines. Every other name is the name of an installed engine.
    """

    profile: str
    language: str
    arms: Mapping[Arm, ArmSpec]
    characters: Mapping[str, Character]
    default_character: str
    aliases: Mapping[str, str]
    quotas: Mapping[tuple[str, str], Quota]
    uses: Mapping[str, str] = field(default_factory=dict)

    _names: Names = field(init=False, repr=False, compare=False)
    _display_names: Names = field(init=False, repr=False, compare=False)
    _arm_names: Names = field(init=False, repr=False, compare=False)
    _arms_by_name: Mapping[str, Arm] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        keys = [(key, key) for key in self.characters]
        display_names = [(character.name, key) for key, character in self.characters.items()]
        arms = {spec.model: arm for arm, spec in reversed(list(self.arms.items()))} | ARM_NAMES
        labels = [(spec.model, arm) for arm, spec in self.arms.items()]
        object.__setattr__(self, "_names", Names([*keys, *self.aliases.items()]))
        object.__setattr__(self, "_display_names", Names(display_names))
        object.__setattr__(self, "_arms_by_name", arms)
        object.__setattr__(self, "_arm_names", Names([*ARM_NAMES.items(), *labels]))

    def engine_of(self, arm: Arm, delivery: Delivery) -> str:
        """The name of the engine for a delivery of the arm."""
        return delivery.engine or self.arms[arm].engine

    def engines_asked(self, character: Character, arm: Arm) -> tuple[str, ...]:
        """The names of the engines that the character's deliveries on the arm use. Those of backups come last."""
        deliveries = character.deliveries[arm]
        backups = [backup for delivery in deliveries for backup in delivery.backups]
        return tuple(dict.fromkeys(self.engine_of(arm, delivery) for delivery in (*deliveries, *backups)))

    def engines_of(self, arm: Arm) -> tuple[str, ...]:
        """The names of all engines that the arm's deliveries use. The arm's own engine comes first."""
        found = [name for character in self.characters.values() for name in self.engines_asked(character, arm)]
        return tuple(sorted(dict.fromkeys(found), key=lambda name: name != self.arms[arm].engine))

    @property
    def engine_names(self) -> tuple[str, ...]:
        """The names of all engines that either arm uses."""
        return tuple(dict.fromkeys(name for arm in self.arms for name in self.engines_of(arm)))

    def kind_of(self, engine: str) -> str:
        """The installed engine that a name refers to."""
        return self.uses.get(engine, engine)

    def character(self, key: str) -> Character:
        """The character with this key or alias, in any spelling, or else with this display name.

        Raises:
            UnknownCharacter: there is no such character.
            AmbiguousName: the name matches no key exactly, and several display names.
        """
        found = self.characters.get(key) or self.characters.get(self.aliases.get(key, ""))
        return found or self.characters[self._key_meant(key)]

    def _key_meant(self, name: str) -> str:
        meant = self._names.meant(name) or self._display_names.meant(name)
        if len(meant) > 1:
            raise AmbiguousName(name, tuple(meant.values()), field="character_key")
        if not meant:
            raise UnknownCharacter(name, tuple(sorted(self.characters)), tuple(self.aliases))
        return next(iter(meant))

    def arm_named(self, name: str) -> Arm:
        """The arm for a model's name.

        ``wavenet`` and ``chirp3-hd`` work in every profile, as do the arms' own names and the profile's labels.

        Raises:
            InvalidRequest: no arm has this name.
        """
        meant = self.arm_meant(name)
        if meant is None:
            known = ", ".join(dict.fromkeys((*ARM_NAMES, *(spec.model for spec in self.arms.values()))))
            raise InvalidRequest(f"unknown voice model {name[:64]!r}; known: {known}", field="force_voice_model")
        return meant

    def arm_meant(self, name: str) -> Arm | None:
        """The same, but None if the name matches no arm, or both."""
        exact = self._arms_by_name.get(name)
        if exact is not None:
            return exact
        meant = self._arm_names.meant(name)
        return Arm(next(iter(meant))) if len(meant) == 1 else None


ARM_NAMES = {"wavenet": Arm.BASELINE, "chirp3-hd": Arm.CANDIDATE, **{str(arm): arm for arm in Arm}}
"""Names for the arms that work with all engines."""

_LANGUAGE_SYNONYMS = {"zh": "cmn", "cmn": "cmn", "iw": "he", "no": "nb", "tl": "fil"}
_CANTONESE = {"zh-hk", "zh-mo", "yue-hk", "yue"}


def primary_language(tag: str) -> str:
    """The language of a BCP 47 tag in one spelling: ``zh-TW``, ``zh_TW`` and ``cmn-Hant-TW`` all give ``cmn``."""
    lowered = tag.lower().replace("_", "-")
    if lowered in _CANTONESE:
        return "yue"
    language = lowered.partition("-")[0]
    return _LANGUAGE_SYNONYMS.get(language, language)
