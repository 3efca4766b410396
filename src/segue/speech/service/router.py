"""Decides once for each request: the arm, the voice, and the voice's settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.arms import Arm
from segue.kernel.assign import Assignment, Diversion, Routing, assign
from segue.kernel.errors import InvalidRequest
from segue.kernel.ports.recorder import BulkheadName
from segue.speech.core.catalogue import Character
from segue.speech.core.keys import key_of, key_prefix
from segue.speech.core.shadow import is_shadowed
from segue.speech.core.speech import (
    NEUTRAL,
    Loss,
    Manner,
    ResolvedRequest,
    SpeechRequest,
)
from segue.speech.core.text.controls import NO_EMULATION, Emulation, fit_pronunciations, fit_prosody
from segue.speech.core.text.language import is_unusual, language_losses
from segue.speech.core.text.lexicon import Lexicon
from segue.speech.core.text.normalize import is_speakable
from segue.speech.core.text.pace import is_longer_than, usual_length_s
from segue.speech.core.text.quiet import silence_for, silence_loss
from segue.speech.core.text.runs import with_words_of
from segue.speech.core.text.scripts import letters_by_script, scripts_of
from segue.speech.core.text.spans import fit_spans
from segue.speech.core.text.unread import is_drawn
from segue.speech.core.text.verbalize.words import has_forms
from segue.speech.service.choosing import (
    choose,
    choose_most,
    count_read,
    made_readable,
    put_in_words,
    served,
    served_of,
    unspeakable,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from segue.speech.core.catalogue import Catalogue, Delivery, Voice
    from segue.speech.core.text.runs import Shifts
    from segue.speech.ports.engine import Engine
    from segue.speech.service.choosing import Choice
    from segue.speech.service.current import Current


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """How one arm says texts of one kind.

    ``losses`` lists what it cannot do, and ``lost`` only the names of these controls. ``other_engine`` is the name
    of its engine, if it is not the arm's own. ``backups`` are the deliveries to try if it fails.
    """

    arm: Arm
    model: str
    voice: Voice
    bulkhead: BulkheadName
    manner: Manner
    losses: tuple[Loss, ...]
    lost: tuple[str, ...]
    key_prefix: bytes
    other_engine: str = ""
    backups: tuple[Delivery, ...] = ()


class Rendition(NamedTuple):
    """One text on one arm, with its cache key.

    ``silence_ms``: the text has nothing to say, and this much silence is the answer; 0 for all other texts.
    ``shifts`` records, in order, the changes to the request's text that move positions. ``is_short``: its length
    has been checked.
    """

    render_plan: RenderPlan
    text: str
    key: str
    silence_ms: int = 0
    shifts: tuple[Shifts, ...] = ()
    is_short: bool = False

    @property
    def resolved(self) -> ResolvedRequest:
        return ResolvedRequest(self.render_plan.manner, self.text)

    def place_of(self, other: Rendition, position: int) -> int:
        """The position in this text that corresponds to ``position`` in another rendition of the same request."""
        for shifts in reversed(other.shifts):
            position = shifts.back(position)
        for shifts in self.shifts:
            position = shifts.forward(position)
        return position


class Route(NamedTuple):
    """A request with its decision. ``diversion`` is set if ``rendition`` is not of the assigned arm."""

    request: SpeechRequest
    character: Character
    assignment: Assignment
    routing: Routing
    rendition: Rendition
    diversion: Diversion | None = None


_NO_LEXICON = Lexicon()

_MOST_RENDITIONS_KNOWN = 4096
_MOST_CHARS_KNOWN = 1000
"""Frequent requests are likely to come again.

These limits bound the memory for remembered renditions to about 20 MB.
"""


@dataclass(frozen=True, slots=True)
class SoundRules:
    """The loudness that all audio is adjusted to (None: unchanged), and the longest audio of one response."""

    level_lufs: float | None = None
    longest_s: float = math.inf


_AS_IT_COMES = SoundRules()


class Router:
    """Resolves requests.

    It uses the catalogue, the service's own pronunciations, the routing in force, and the capabilities of voices.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        engines: Mapping[str, Engine],
        current: Current,
        lexicon: Lexicon = _NO_LEXICON,
        emulation: Emulation = NO_EMULATION,
        sound: SoundRules = _AS_IT_COMES,
    ) -> None:
        self._catalogue = catalogue
        self._engines = engines
        self._current = current
        self._lexicon = lexicon
        self._emulation = emulation
        self._sound = sound
        self._usual_plans: dict[object, RenderPlan | None] = {}
        self._known_renditions: dict[object, Rendition] = {}
        self._engines_asked = {arm: _engines_asked(catalogue, engines, arm) for arm in catalogue.arms}

    def route(self, request: SpeechRequest) -> Route:
        """The decision for this request.

        The voice that reads most of the text's letters answers. If both arms read the same amount, the assigned
        arm answers.

        Raises:
            InvalidRequest: no such character, neither arm has a voice for the text's language, or the audio would
                be too long.
            Unreadable: no voice can read any of it.
        """
        routing = self._current.routing
        character = self._catalogue.character(request.character_key)
        assignment = assign(routing, request.unit.identity, character.key, request.forced_arm)
        rendition = self._rendition(request, character, assignment.arm)
        if rendition is None:
            arms = (assignment.arm, assignment.arm.other) if routing.enabled else (assignment.arm,)
            rendition = self._next_best(request, character, arms)
        if rendition is None:
            kind, told = unspeakable(request, character, self._voices(character))
            raise kind(told, field="text")
        if not rendition.is_short:
            self._check_length(request, rendition)
        diversion = None if rendition.render_plan.arm is assignment.arm else Diversion.NO_VOICE
        return Route(request, character, assignment, routing, rendition, diversion)

    def fallback(self, route: Route) -> Rendition | None:
        """The baseline's rendition, if the candidate was asked first and the fallback is on."""
        if route.rendition.render_plan.arm is Arm.BASELINE or not route.routing.fallback:
            return None
        return self.rendition_of(route, Arm.BASELINE)

    def rendition_of(self, route: Route, arm: Arm) -> Rendition | None:
        """This arm's rendition; None if none of its voices reads as much of the text as the one asked first."""
        request, character = route.request, route.character
        rendition = self._rendition(request, character, arm)
        if rendition is not None:
            return rendition
        letters = letters_by_script(request.text)
        least = count_read(letters, route.rendition.render_plan.voice)
        if self._most_read(request, character, arm, letters) < max(least, 1):
            return None
        return self._partial_rendition(request, character, arm, letters)

    def backups(self, route: Route, failed: Rendition) -> tuple[Rendition, ...]:
        """The renditions of the backups, in order: those that read as much of the text as the failed one."""
        request, arm, deliveries = route.request, failed.render_plan.arm, failed.render_plan.backups
        found = _speaking(request.language, served_of(self._catalogue, self._engines, deliveries, arm))
        scripts, letters = scripts_of(request.text), letters_by_script(request.text)
        least = count_read(letters, failed.render_plan.voice)
        return tuple(
            self._whole(choice, request, arm)
            if scripts.issubset(choice.voice.scripts)
            else self._partial(choice, request, arm)
            for choice in found
            if count_read(letters, choice.voice) >= least
        )

    def shadows(self, route: Route) -> bool:
        """Whether the routing in force still makes this request a shadow request."""
        routing, unit = self._current.routing, route.request.unit.identity
        reason = assign(routing, unit, route.character.key, route.request.forced_arm).reason
        return is_shadowed(routing, reason, unit)

    def _next_best(self, request: SpeechRequest, character: Character, arms: tuple[Arm, ...]) -> Rendition | None:
        """The rendition if the first arm does not read all of the text: the other one's, if that one does, or else
        that of the arm which reads most of it.
        """
        for arm in arms[1:]:
            rendition = self._rendition(request, character, arm)
            if rendition is not None:
                return rendition
        letters = letters_by_script(request.text)
        counts = {arm: self._most_read(request, character, arm, letters) for arm in arms}
        arm = max(arms, key=counts.__getitem__)
        if not counts[arm] and not self._is_drawn(request, character, arm):
            return None
        return self._partial_rendition(request, character, arm, letters)

    def _check_length(self, request: SpeechRequest, rendition: Rendition) -> None:
        """Checks the length of a response that a caller waits for. Jobs have their own limit."""
        if not request.background and self._is_too_long(rendition):
            minutes, most = usual_length_s(rendition.resolved) / 60.0, self._sound.longest_s / 60.0
            raise InvalidRequest(
                f"the text has about {minutes:.0f} min of audio at this rate, but the limit is {most:g} min "
                "(SEGUE_MAX_AUDIO_S): send it in parts or as a job, or raise the rate",
                field="text",
            )

    def _is_too_long(self, rendition: Rendition) -> bool:
        return is_longer_than(rendition.resolved, self._sound.longest_s)

    def _voices(self, character: Character) -> list[Voice]:
        return [choice.voice for arm in character.deliveries for choice in self._served(character, arm)]

    def _served(self, character: Character, arm: Arm) -> list[Choice]:
        return served(self._catalogue, self._engines, character, arm)

    def _rendition(self, request: SpeechRequest, character: Character, arm: Arm) -> Rendition | None:
        """Remembered for requests without special settings, which most requests are."""
        if (
            request.controls is not NEUTRAL
            or request.pronunciations
            or request.losses
            or request.language is not None
        ):
            return self._special_rendition(request, character, arm)
        text, sound = request.text, request.audio_format
        engines = self._engines_asked[arm][character.key]
        revision = engines[0].voices_revision if len(engines) == 1 else _revisions(engines)
        kind = (character.key, arm, sound.container, sound.rate_hz, sound.bit_rate_bps, revision)
        rendition = self._known_renditions.get((text, kind))
        if rendition is None:
            rendition = self._usual_rendition(request, character, arm, kind)
            if rendition is not None and len(text) <= _MOST_CHARS_KNOWN:
                if len(self._known_renditions) >= _MOST_RENDITIONS_KNOWN:
                    self._known_renditions.clear()
                rendition = rendition._replace(is_short=not self._is_too_long(rendition))
                self._known_renditions[text, kind] = rendition
        return rendition

    def _usual_rendition(
        self, request: SpeechRequest, character: Character, arm: Arm, kind: object
    ) -> Rendition | None:
        """All plain texts in the same scripts use the same render plan."""
        text = request.text
        if self._lexicon.touches(text) or is_unusual(text) or not is_speakable(text):
            return self._special_rendition(request, character, arm)
        scripts = scripts_of(text)
        known = self._usual_plans.get((kind, scripts))
        if has_forms(text) and (known is None or not known.voice.capabilities.verbalizes):
            return self._special_rendition(request, character, arm)
        try:
            render_plan = self._usual_plans[kind, scripts]
        except KeyError:
            rendition = self._special_rendition(request, character, arm)
            render_plan = self._usual_plans[kind, scripts] = None if rendition is None else rendition.render_plan
        return None if render_plan is None else _rendition_of(render_plan, text)

    def _special_rendition(self, request: SpeechRequest, character: Character, arm: Arm) -> Rendition | None:
        chosen = choose(self._speakers(request, character, arm), scripts_of(request.text))
        return None if chosen is None else self._whole(chosen, request, arm)

    def _whole(self, chosen: Choice, request: SpeechRequest, arm: Arm) -> Rendition:
        """The rendition for a voice that reads all of the text."""
        request, words = with_words_of(self._lexicon, request, chosen.voice.locale)
        request, forms = put_in_words(request, chosen.voice, words)
        return self._rendition_by(chosen, request, arm)._replace(shifts=(words, forms))

    def _partial_rendition(
        self, request: SpeechRequest, character: Character, arm: Arm, letters: Counter[str]
    ) -> Rendition:
        """The rendition for the voice that reads most of the text. The rest is transliterated or left out."""
        return self._partial(choose_most(self._speakers(request, character, arm), letters), request, arm)

    def _partial(self, chosen: Choice, request: SpeechRequest, arm: Arm) -> Rendition:
        request, words = with_words_of(self._lexicon, request, chosen.voice.locale)
        request, forms = put_in_words(request, chosen.voice, words)
        request, letters_left = made_readable(request, chosen.voice)
        return self._rendition_by(chosen, request, arm)._replace(shifts=(words, forms, letters_left))

    def _rendition_by(self, chosen: Choice, request: SpeechRequest, arm: Arm) -> Rendition:
        silence_ms = silence_for(request.text, request.controls, chosen.voice.capabilities)
        if silence_ms:
            request = request._replace(losses=(*request.losses, silence_loss(request.text, silence_ms)))
        return _rendition_of(self._fitted(request, chosen, arm), request.text)._replace(silence_ms=silence_ms)

    def _is_drawn(self, request: SpeechRequest, character: Character, arm: Arm) -> bool:
        """Whether the part of the text that the arm cannot read contains no words."""
        speakers = self._speakers(request, character, arm)
        return bool(speakers) and is_drawn(request.text, frozenset(speakers[0][0].scripts))

    def _most_read(self, request: SpeechRequest, character: Character, arm: Arm, letters: Counter[str]) -> int:
        """How many letters and digits of the text the arm's best voice for it reads."""
        voices = [choice.voice for choice in self._speakers(request, character, arm)]
        return max((count_read(letters, voice) for voice in voices), default=0)

    def _speakers(self, request: SpeechRequest, character: Character, arm: Arm) -> list[Choice]:
        """The character's voices on that arm that speak the language, if the request names one."""
        return _speaking(request.language, self._served(character, arm))

    def _fitted(self, request: SpeechRequest, chosen: Choice, arm: Arm) -> RenderPlan:
        voice, design, name = chosen
        spec, engine = self._catalogue.arms[arm], self._engines[name]
        can, controls = voice.capabilities, request.controls
        prosody = fit_prosody(design, controls, can, self._emulation)
        losses = [*request.losses, *prosody.losses]
        said_so = fit_pronunciations(request.pronunciations, can, losses)
        inside = fit_spans(request.text, controls.spans, prosody, voice.locale, can, self._emulation)
        losses += inside.losses
        losses += language_losses(request.text, request.language or self._catalogue.language, voice)
        manner = Manner(
            f"{engine.name}/{name}" if name in self._catalogue.uses else engine.name,
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
            self._sound.level_lufs,
            controls.pauses,
            inside.spans,
        )
        bulkhead = BulkheadName(name, voice.family)
        lost = tuple(loss.control for loss in losses)
        other = "" if name == spec.engine else name
        known = tuple(losses), lost, key_prefix(manner)
        return RenderPlan(arm, spec.model, voice, bulkhead, manner, *known, other, design.backups)


def _speaking(language: str | None, choices: list[Choice]) -> list[Choice]:
    return choices if language is None else [choice for choice in choices if choice.voice.speaks(language)]


def _engines_asked(catalogue: Catalogue, engines: Mapping[str, Engine], arm: Arm) -> dict[str, tuple[Engine, ...]]:
    """The engines of each character's voices on the arm, by the character's key."""
    return {
        key: tuple(engines[name] for name in catalogue.engines_asked(character, arm))
        for key, character in catalogue.characters.items()
    }


def _revisions(engines: tuple[Engine, ...]) -> tuple[int, ...]:
    """The engines' revisions. They change when an engine may have other voices than before."""
    return tuple([engine.voices_revision for engine in engines])


def _rendition_of(render_plan: RenderPlan, text: str) -> Rendition:
    return Rendition(render_plan, text, key_of(render_plan.key_prefix, text))
