"""Opens streams: waits for a rendition's first audio and checks it before the response starts."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.errors import BadAudio, SegueError
from segue.kernel.units import ratio_from_db
from segue.speech.audio.finish import expected, listened
from segue.speech.audio.inspect import flaws_of_beginning
from segue.speech.audio.level import needed_gain_db
from segue.speech.core.lines import rest_of, streamed_lines
from segue.speech.service.prefetch import LinePrefetch
from segue.speech.service.threads import LONG_TEXT_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segue.kernel.assign import Diversion
    from segue.kernel.errors import ErrorCode
    from segue.speech.core.lines import Line
    from segue.speech.core.speech import SpeechRequest
    from segue.speech.service.levels import Levels
    from segue.speech.service.prefetch import LineSynthesis
    from segue.speech.service.router import Rendition, Route
    from segue.speech.service.synthesis import Synthesis

_ANY_S = 1e-6
_SETTLE_S = 0.003
"""How long to wait for an engine that seems to have sent a whole line in one piece to confirm that it has."""

_MEASURED_S = 0.8
"""Seconds of audio from which a voice's level is estimated the first time that it is streamed."""


@dataclass(frozen=True, slots=True)
class StreamRules:
    """``gap_s``: longest time without audio from an engine within a stream.

    ``ahead``: lines that are made before they are heard.

    ``ahead_of_files`` and ``gap_of_files_s`` are the same for files, which no listener waits for, and which give
    way to listeners and other texts.

    ``go_on``: if the candidate fails, the baseline continues from the next line; otherwise the stream is cut off.
    """

    gap_s: float = 10.0
    ahead: int = 1
    ahead_of_files: int = 3
    gap_of_files_s: float = 120.0
    go_on: bool = True


class TextStart(NamedTuple):
    """Where in the text a rendition begins: at the character ``start``, after this much silence."""

    start: int
    silence_before_ms: int


BEGINNING = TextStart(0, 0)


class Opened(NamedTuple):
    """A rendition whose first line can be sent."""

    rendition: Rendition
    prefetch: LinePrefetch
    diversion: Diversion | None = None
    failure: ErrorCode | None = None
    backup_for: ErrorCode | None = None

    def instead(self, diversion: Diversion, failure: ErrorCode) -> Opened:
        """The same rendition, marked as the answer of another arm than the one asked first."""
        return self._replace(diversion=diversion, failure=failure)

    def backing(self, failure: ErrorCode) -> Opened:
        """The same rendition, marked as the answer of a backup on the arm that failed with this error."""
        return self._replace(backup_for=failure)


class Streams:
    """Opens streams and inspects each of their lines."""

    def __init__(self, synthesis: Synthesis, levels: Levels, rules: StreamRules) -> None:
        self.rules = rules
        self._synthesis = synthesis
        self.levels = levels

    async def open(
        self, route: Route, rendition: Rendition, timeout_s: float, place: TextStart = BEGINNING
    ) -> Opened:
        """The rendition from that place on, once its first audio is available.

        Raises:
            SegueError: there is none. The attempt has been counted already.
        """
        request = route.request
        calls = self._synthesis.calls(rendition, request, route.character.key)
        ahead = self.rules.ahead_of_files if request.background else self.rules.ahead
        heard = not request.background
        lines = await self._lines_from(place, rendition)
        prefetch = LinePrefetch(calls, lines, ahead, self.gap_s(request), heard=heard)
        try:
            deadline = asyncio.get_running_loop().time() + timeout_s
            async with calls.entered(deadline) if place is BEGINNING else nullcontext():
                left_s = deadline - asyncio.get_running_loop().time()
                prefetch.begin(left_s, begun=place is not BEGINNING)
                await self.audible(prefetch, left_s)
        except SegueError as failure:
            await prefetch.close()
            waited_s = calls.watch.elapsed_s
            self._synthesis.blame(calls, waited_s, failure, prefetch.first_audio_or(waited_s))
            raise
        except asyncio.CancelledError:
            await prefetch.close()
            self._synthesis.given_up(calls, first_audio_s=prefetch.first_audio_or(calls.watch.elapsed_s))
            raise
        return Opened(rendition, prefetch)

    async def _lines_from(self, place: TextStart, rendition: Rendition) -> Iterable[Line]:
        """The lines from that place on. Lines of a short text are cut when they are needed."""
        if len(rendition.text) <= LONG_TEXT_CHARS:
            return _lines_from(place, rendition)
        return await self._synthesis.threads.run_if_long(
            len(rendition.text), lambda: tuple(_lines_from(place, rendition))
        )

    async def audible(self, prefetch: LinePrefetch, timeout_s: float) -> None:
        """Waits for the beginning of the current line, and inspects the audio that is available.

        Raises:
            SegueError: the line is not usable; none of it has been heard.
        """
        current, render_plan = prefetch.current, prefetch.calls.rendition.render_plan
        unknown = self.levels.gain_db(render_plan.manner) is None
        await current.reach(_MEASURED_S if unknown else _ANY_S, timeout_s)
        if prefetch.first_audio_s is None:
            prefetch.first_audio_s = current.first_came_s
        if current.is_one_piece and current.has_s >= expected(current.line).shortest_s:
            await current.settle(_SETTLE_S)
        if current.made:
            await self.heard_whole(prefetch)
        else:
            _check_beginning(current)
        if unknown:
            await self.learn(prefetch)

    def gap_s(self, request: SpeechRequest) -> float:
        """The longest time without audio from the engine, for a listener or for a file."""
        return max(self.rules.gap_s, self.rules.gap_of_files_s) if request.background else self.rules.gap_s

    async def complete(self, prefetch: LinePrefetch) -> None:
        """Waits for the whole current line and inspects it, for output that must not have incomplete lines.

        Raises:
            SegueError: the line failed, or is not usable speech.
        """
        await prefetch.current.complete(self.gap_s(prefetch.calls.asking.request))
        await self.heard_whole(prefetch)

    async def heard_whole(self, prefetch: LinePrefetch) -> None:
        """Inspects a complete line.

        Raises:
            SegueError: the line broke off, or is not usable speech.
        """
        current = prefetch.current
        if current.listened:
            return
        current.listened = True
        if current.failure is not None:
            raise current.failure
        await prefetch.calls.threads.run(listened, current.samples, current.rate_hz, current.line)

    async def learn(self, prefetch: LinePrefetch) -> None:
        """Measures the level of the voice from the available audio of the current line."""
        current, manner = prefetch.current, prefetch.calls.rendition.render_plan.manner
        if manner.level_lufs is not None:
            run = prefetch.calls.threads.run
            gain_db = await run(needed_gain_db, current.samples, current.rate_hz, manner.level_lufs)
            self.levels.learn(manner, gain_db, current.has_s)

    def gain_ratio(self, prefetch: LinePrefetch) -> float:
        """The factor (amplitude) for the rendition's voice.

        It brings the voice to its target level, estimated from earlier audio, and to the requested volume.
        """
        manner = prefetch.calls.rendition.render_plan.manner
        return ratio_from_db(self.levels.gain_db(manner) or 0.0) * manner.volume_ratio


def _lines_from(place: TextStart, rendition: Rendition) -> Iterator[Line]:
    lines = streamed_lines(rest_of(rendition.resolved, place.start), rendition.render_plan.voice.capabilities)
    if place is BEGINNING:
        yield from lines
        return
    for number, line in enumerate(lines):
        silence_ms = line.silence_before_ms if number else place.silence_before_ms or line.silence_before_ms
        yield replace(line, start=line.start + place.start, silence_before_ms=silence_ms)


def _check_beginning(current: LineSynthesis) -> None:
    """Checks a line of which only the beginning is available. It may still be silent, but it must be valid audio.

    Raises:
        BadAudio: it is not.
    """
    found = flaws_of_beginning(current.samples)
    if found:
        raise BadAudio(f"the engine's stream begins with invalid audio: {', '.join(found)}", findings=found)
