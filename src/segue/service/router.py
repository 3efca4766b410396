"""Which arm, which voice, told what: decided once for a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from segue.core.assign import Assignment, Diversion, Routing, assign
from segue.core.catalogue import Character
from segue.core.errors import InvalidRequest, Unsupported
from segue.core.keys import key_of, key_prefix
from segue.core.speech import NEUTRAL, Arm, Loss, Manner, ResolvedRequest, SpeechRequest
from segue.core.text.controls import NO_EMULATION, Emulation, fit_pronunciations, fit_prosody
from segue.core.text.language import is_unusual, language_losses
from segue.core.text.lexicon import Lexicon
from segue.core.text.runs import with_words_of
from segue.core.text.scripts import first_outside, script_names, scripts_of
from segue.core.text.spans import fit_spans
from segue.ports.recorder import LaneName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.core.catalogue import Catalogue, Delivery, Voice
    from segue.ports.engine import Engine
    from segue.service.current import Current


@dataclass(frozen=True, slots=True)
class Way:
    """How one arm would say texts of one kind. ``losses`` is what it cannot take over,
    ``lost`` the names alone.
    """

    arm: Arm
    model: str
    voice: Voice
    lane: LaneName
    manner: Manner
    losses: tuple[Loss, ...]
    lost: tuple[str, ...]
    key_prefix: bytes


class Leg(NamedTuple):
    """One text on one arm's way, with its cache key."""

    way: Way
    text: str
    key: str

    @property
    def resolved(self) -> ResolvedRequest:
        return ResolvedRequest(self.way.manner, self.text)


class Route(NamedTuple):
    """A request with its decision. ``diversion`` is set when ``leg`` is not of the assigned arm."""

    request: SpeechRequest
    character: Character
    assignment: Assignment
    routing: Routing
    leg: Leg
    diversion: Diversion | None = None


_NO_LEXICON = Lexicon()

_MOST_LEGS_KNOWN = 4096
_MOST_CHARS_KNOWN = 1000
"""What is asked for often is asked for soon again; these bound what remembering costs to some 20 MB."""


class Router:
    """Knows the catalogue, the house's pronunciations and the routing in force; of engines, what voices can do."""

    def __init__(
        self,
        catalogue: Catalogue,
        engines: Mapping[str, Engine],
        current: Current,
        lexicon: Lexicon = _NO_LEXICON,
        emulation: Emulation = NO_EMULATION,
        level_lufs: float | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._engines = engines
        self._current = current
        self._lexicon = lexicon
        self._emulation = emulation
        self._level_lufs = level_lufs
        self._usual_ways: dict[object, Way | None] = {}
        self._known_legs: dict[object, Leg] = {}

    def route(self, request: SpeechRequest) -> Route:
        """The one decision about this request.

        Raises:
            InvalidRequest: no such character, or neither arm has a voice for the text's language.
        """
        routing = self._current.routing
        character = self._catalogue.character(request.character_key)
        assignment = assign(routing, request.unit.identity, character.key, request.forced_arm)
        leg = self._leg(request, character, assignment.arm)
        if leg is not None:
            return Route(request, character, assignment, routing, leg)
        leg = self._leg(request, character, assignment.arm.other) if routing.enabled else None
        if leg is None:
            raise InvalidRequest(_unspeakable(request, character, self._voices(character)), field="text")
        return Route(request, character, assignment, routing, leg, Diversion.NO_VOICE)

    def fallback(self, route: Route) -> Leg | None:
        """The baseline's leg, where the candidate was asked first and falling back is allowed."""
        if route.leg.way.arm is Arm.BASELINE or not route.routing.fallback:
            return None
        return self._leg(route.request, route.character, Arm.BASELINE)

    def _voices(self, character: Character) -> list[Voice]:
        arms = self._catalogue.arms
        return [
            voice
            for arm, deliveries in character.deliveries.items()
            for voice, _ in _served(deliveries, self._engines[arms[arm].engine])
        ]

    def _leg(self, request: SpeechRequest, character: Character, arm: Arm) -> Leg | None:
        """Worked out once for requests that ask for nothing special: most of them."""
        if (
            request.controls is not NEUTRAL
            or request.pronunciations
            or request.losses
            or request.language is not None
        ):
            return self._special_leg(request, character, arm)
        text, sound = request.text, request.audio_format
        revision = self._engines[self._catalogue.arms[arm].engine].voices_revision
        kind = (character.key, arm, sound.container, sound.rate_hz, sound.bit_rate_bps, revision)
        leg = self._known_legs.get((text, kind))
        if leg is None:
            leg = self._usual_leg(request, character, arm, kind)
            if leg is not None and len(text) <= _MOST_CHARS_KNOWN:
                if len(self._known_legs) >= _MOST_LEGS_KNOWN:
                    self._known_legs.clear()
                self._known_legs[text, kind] = leg
        return leg

    def _usual_leg(self, request: SpeechRequest, character: Character, arm: Arm, kind: object) -> Leg | None:
        """The way is the same for all plain texts in the same scripts."""
        text = request.text
        if self._lexicon.touches(text) or is_unusual(text):
            return self._special_leg(request, character, arm)
        scripts = scripts_of(text)
        try:
            way = self._usual_ways[kind, scripts]
        except KeyError:
            leg = self._special_leg(request, character, arm)
            way = self._usual_ways[kind, scripts] = None if leg is None else leg.way
        return None if way is None else _leg_of(way, text)

    def _special_leg(self, request: SpeechRequest, character: Character, arm: Arm) -> Leg | None:
        engine = self._engines[self._catalogue.arms[arm].engine]
        scripts = scripts_of(request.text)
        chosen = _choose(_served(character.deliveries[arm], engine), request.language, scripts)
        if chosen is None:
            return None
        voice, design = chosen
        request = with_words_of(self._lexicon, request, voice.locale)
        return _leg_of(self._fitted(request, voice, design, arm), request.text)

    def _fitted(self, request: SpeechRequest, voice: Voice, design: Delivery, arm: Arm) -> Way:
        spec = self._catalogue.arms[arm]
        engine = self._engines[spec.engine]
        can, controls = voice.capabilities, request.controls
        prosody = fit_prosody(design, controls, can, self._emulation)
        losses = [*request.losses, *prosody.losses]
        said_so = fit_pronunciations(request.pronunciations, can, losses)
        inside = fit_spans(request.text, controls.spans, prosody, voice.locale, can, self._emulation)
        losses += inside.losses
        losses += language_losses(request.text, request.language or self._catalogue.language, voice)
        manner = Manner(
            engine.name,
            engine.version,
            voice.name,
            voice.locale,
            request.audio_format,
            prosody.rate_ratio,
            prosody.pitch_semitones,
            controls.volume_ratio,
            (*said_so, *inside.pronunciations),
            prosody.stretch_ratio,
            prosody.shift_semitones,
            self._level_lufs,
            controls.pauses,
            inside.spans,
        )
        lane = LaneName(engine.name, voice.family)
        lost = tuple(loss.control for loss in losses)
        return Way(arm, spec.model, voice, lane, manner, tuple(losses), lost, key_prefix(manner))


def _leg_of(way: Way, text: str) -> Leg:
    return Leg(way, text, key_of(way.key_prefix, text))


_Choice = tuple["Voice", "Delivery"]


def _served(deliveries: tuple[Delivery, ...], engine: Engine) -> list[_Choice]:
    """The character's voices that the engine has; `segue check` reports the others."""
    found: list[_Choice] = []
    for delivery in deliveries:
        try:
            found.append((engine.voice(delivery.voice), delivery))
        except Unsupported:
            continue
    return found


def _choose(choices: list[_Choice], language: str | None, scripts: frozenset[str]) -> _Choice | None:
    """The first voice that speaks the language; where none is named, one that reads the scripts.

    A voice made for one of the text's scripts goes before one that can merely read it too.
    """
    if language is not None:
        choices = [choice for choice in choices if choice[0].speaks(language)]
    able = [choice for choice in choices if scripts.issubset(choice[0].scripts)]
    return next((choice for choice in able if choice[0].scripts[0] in scripts), able[0] if able else None)


def _unspeakable(request: SpeechRequest, character: Character, voices: list[Voice]) -> str:
    """Why nobody speaks it, in words; of the text no more than a character."""
    language = request.language
    speakers = [voice for voice in voices if language is None or voice.speaks(language)]
    if language is not None and not speakers:
        return f"no voice of {character.key!r} speaks {language}"
    names, wanted = script_names(request.text), scripts_of(request.text)
    speaks = f"no voice of {character.key!r} speaks {_listed(names)}"
    read = max(
        (frozenset(voice.scripts) for voice in speakers),
        key=lambda scripts: len(scripts & wanted),
        default=frozenset[str](),
    )
    unread = first_outside(request.text, read)
    return (
        f"{speaks}; the first character it cannot read is {unread!r} (U+{ord(unread):04X})" if unread else speaks
    )


def _listed(names: tuple[str, ...]) -> str:
    """``A``; ``A and B together``; ``A, B and C together``."""
    *most, last = names or ("",)
    return f"{', '.join(most)} and {last} together" if most else last
