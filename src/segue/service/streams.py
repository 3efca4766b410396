"""Streams opened: the first sound of a leg waited for and listened to, before anyone is told that it comes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from segue.audio.finish import expected, listened
from segue.audio.inspect import flaws_of_beginning
from segue.audio.level import needed_gain_db
from segue.core.errors import BadAudio, SegueError
from segue.core.lines import rest_of, streamed_lines
from segue.core.units import ratio_from_db
from segue.service.takes import Takes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.core.assign import Diversion
    from segue.core.errors import ErrorCode
    from segue.core.lines import Line
    from segue.core.speech import SpeechRequest
    from segue.service.levels import Levels
    from segue.service.router import Leg, Route
    from segue.service.synthesis import Synthesis
    from segue.service.takes import Take
    from segue.service.threads import Threads

_ANY_S = 1e-6
_SETTLE_S = 0.003
"""How long an engine that seems to have given a whole line in one piece has to say so."""

_MEASURED_S = 0.8
"""Sound enough to guess a voice's level by, the first time that it is streamed."""


@dataclass(frozen=True, slots=True)
class StreamRules:
    """``gap_s``: longest silence of an engine inside a stream. ``ahead``: lines made before they are heard;
    ``ahead_of_files`` before they are written, where nobody listens yet and ``gap_of_files_s`` may pass: they
    stand behind listeners and other texts.

    ``go_on``: a candidate that breaks off is replaced by the baseline from the next line on; else the stream is
    cut there.
    """

    gap_s: float = 10.0
    ahead: int = 1
    ahead_of_files: int = 3
    gap_of_files_s: float = 120.0
    go_on: bool = True


class Place(NamedTuple):
    """Where in the text a leg begins: at the character ``start``, after so much silence."""

    start: int
    silence_before_ms: int


BEGINNING = Place(0, 0)


class Opened(NamedTuple):
    """A leg whose first line can be heard."""

    leg: Leg
    takes: Takes
    diversion: Diversion | None = None
    failure: ErrorCode | None = None

    def instead(self, diversion: Diversion, failure: ErrorCode) -> Opened:
        """The same, as the answer of another leg than the one asked first."""
        return self._replace(diversion=diversion, failure=failure)


class Streams:
    """Opens streams, and listens to each of their lines."""

    def __init__(self, synthesis: Synthesis, levels: Levels, threads: Threads, rules: StreamRules) -> None:
        self.rules = rules
        self._synthesis = synthesis
        self.levels = levels
        self._threads = threads

    async def open(self, route: Route, leg: Leg, timeout_s: float, place: Place = BEGINNING) -> Opened:
        """The leg from the place on, once its first sound is there.

        Raises:
            SegueError: why there is none. Whether the arm is to blame has been counted already.
        """
        request = route.request
        calls = self._synthesis.calls(leg, request, route.character.key)
        ahead = self.rules.ahead_of_files if request.background else self.rules.ahead
        heard = not request.background
        takes = Takes(calls, _lines_from(place, leg), ahead, self.gap_s(request), heard=heard)
        try:
            takes.begin(timeout_s, begun=place is not BEGINNING)
            await self.audible(takes, timeout_s)
        except SegueError as failure:
            await takes.close()
            waited_s = calls.watch.elapsed_s
            self._synthesis.blame(calls, waited_s, failure, takes.first_audio_or(waited_s))
            raise
        except asyncio.CancelledError:
            await takes.close()
            self._synthesis.given_up(calls, first_audio_s=takes.first_audio_or(calls.watch.elapsed_s))
            raise
        return Opened(leg, takes)

    async def audible(self, takes: Takes, timeout_s: float) -> None:
        """Waits for the beginning of the present line, and listens to as much of it as there is.

        Raises:
            SegueError: the line cannot be heard; nobody has heard any of it.
        """
        take, way = takes.present, takes.calls.leg.way
        unknown = self.levels.gain_db(way.manner) is None
        await take.reach(_MEASURED_S if unknown else _ANY_S, timeout_s)
        if takes.first_audio_s is None:
            takes.first_audio_s = take.first_came_s
        if take.is_one_piece and take.has_s >= expected(take.line).shortest_s:
            await take.settle(_SETTLE_S)
        if take.made:
            await self.heard_whole(takes)
        else:
            _check_beginning(take)
        if unknown:
            await self.learn(takes)

    def gap_s(self, request: SpeechRequest) -> float:
        """The longest silence of an engine, for who listens or for who writes a file."""
        return max(self.rules.gap_s, self.rules.gap_of_files_s) if request.background else self.rules.gap_s

    async def complete(self, takes: Takes) -> None:
        """Waits for all of the present line, and listens to it, for what must have no half lines.

        Raises:
            SegueError: it cannot be had, or is no usable speech.
        """
        await takes.present.complete(self.gap_s(takes.calls.asking.request))
        await self.heard_whole(takes)

    async def heard_whole(self, takes: Takes) -> None:
        """Listens to all of a line that is made.

        Raises:
            SegueError: it broke off, or is no usable speech.
        """
        take = takes.present
        if take.listened:
            return
        take.listened = True
        if take.failure is not None:
            raise take.failure
        await self._threads.run(listened, take.samples, take.rate_hz, take.line)

    async def learn(self, takes: Takes) -> None:
        """What there is of the present line tells how loud its voice is."""
        take, manner = takes.present, takes.calls.leg.way.manner
        if manner.level_lufs is not None:
            gain_db = await self._threads.run(needed_gain_db, take.samples, take.rate_hz, manner.level_lufs)
            self.levels.learn(manner, gain_db, take.has_s)

    def gain_ratio(self, takes: Takes) -> float:
        """The factor (amplitude) that brings the leg's voice to its level, by what has been heard of it, and to
        the volume that was asked for.
        """
        manner = takes.calls.leg.way.manner
        return ratio_from_db(self.levels.gain_db(manner) or 0.0) * manner.volume_ratio


def _lines_from(place: Place, leg: Leg) -> Iterator[Line]:
    lines = streamed_lines(rest_of(leg.resolved, place.start), leg.way.voice.capabilities)
    if place is BEGINNING:
        yield from lines
        return
    for number, line in enumerate(lines):
        silence_ms = line.silence_before_ms if number else place.silence_before_ms or line.silence_before_ms
        yield replace(line, start=line.start + place.start, silence_before_ms=silence_ms)


def _check_beginning(take: Take) -> None:
    """A line of which only the beginning is there: it may be quiet still, but it must be sound.

    Raises:
        BadAudio: it is not.
    """
    found = flaws_of_beginning(take.samples)
    if found:
        raise BadAudio(f"a stream that begins with what is no sound: {', '.join(found)}", findings=found)
