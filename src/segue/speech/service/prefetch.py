"""Synthesizes lines slightly ahead of the listener.

The audio of a line is buffered, however slowly it is read. A slow reader therefore holds no place, thread or
connection, and at most the lines of ``ahead`` in memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing, suppress
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.kernel.errors import BadAudio, DeadlineExceeded, SegueError
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import joined
from segue.speech.service.admission import Rank
from segue.speech.service.calls import LineStart
from segue.speech.service.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segue.speech.audio.pcm import Samples
    from segue.speech.core.lines import Line
    from segue.speech.core.speech import Original
    from segue.speech.service.calls import Calls, LineChunk


_ANY_MORE_S = 1e-6


class LineSamples(NamedTuple):
    """Some audio of a line. ``fresh``: the engine started anew with it, as it does for each call.

    ``original``: the bytes in which it came, if they may be sent unchanged.
    """

    samples: Samples
    fresh: bool
    original: Original | None = None


class LineSynthesis:
    """The synthesis of one line. ``listened``: the whole line has been inspected."""

    def __init__(self, calls: Calls, line: Line, start: LineStart) -> None:
        self.line = line
        self.engine_s = 0.0
        self.rate_hz = 0
        self.first_came_s: float | None = None
        self.failure: SegueError | None = None
        self.listened = False
        self._calls = calls
        self._kept: list[Samples] = []
        self._came: deque[LineSamples] = deque()
        self._made = False
        self._news = asyncio.Event()
        self._watch = start.watch
        self._task = asyncio.create_task(self._run(start), name="line synthesis")

    @property
    def made(self) -> bool:
        """Whether the engine has finished the line. Some of it may not have been read yet."""
        return self._made

    @property
    def samples(self) -> Samples:
        """All audio so far, whether or not it has been read."""
        return self._kept[0] if len(self._kept) == 1 else np.concatenate(self._kept)

    @property
    def has_original(self) -> bool:
        """Whether the audio that was not read yet may be sent unchanged."""
        return bool(self._came) and self._came[0].original is not None

    @property
    def is_one_piece(self) -> bool:
        return len(self._kept) == 1

    @property
    def has_s(self) -> float:
        """The duration of the audio so far, in seconds."""
        return sum([kept.size for kept in self._kept]) / self.rate_hz if self.rate_hz else 0.0

    async def reach(self, sound_s: float, timeout_s: float) -> None:
        """Waits until there is this much audio, or the line is finished.

        Raises:
            DeadlineExceeded, Overloaded: neither happened within ``timeout_s``.
            SegueError: the line broke off.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self.has_s < sound_s and not self.made:
                    await self._next_news()
        except TimeoutError:
            raise self._late("did not send more audio in time") from None
        if self.failure is not None:
            raise self.failure

    async def next(self, timeout_s: float) -> LineSamples | None:
        """The audio that has not been read yet; None at the end of the line.

        Raises:
            DeadlineExceeded, Overloaded: there was no audio within ``timeout_s``.
            SegueError: the line broke off; everything before that has been read.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not self._came and not self.made:
                    await self._next_news()
        except TimeoutError:
            raise self._late("stopped sending audio in the middle of a stream") from None
        if self._came:
            return self._fetched()
        if self.failure is not None:
            raise self.failure
        return None

    async def complete(self, gap_s: float) -> None:
        """Waits until the line is finished.

        Raises:
            DeadlineExceeded: there was no audio for ``gap_s``.
            SegueError: the line broke off.
        """
        while not self.made:
            await self.reach(self.has_s + _ANY_MORE_S, gap_s)
        if self.failure is not None:
            raise self.failure

    async def settle(self, timeout_s: float) -> None:
        """Waits up to ``timeout_s`` for the engine to confirm that the line is complete."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not self.made:
                    await self._next_news()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _late(self, why: str) -> SegueError:
        """The error for a timeout. It does not count against an engine that was never called for the line."""
        if not self._watch.asked:
            return self._calls.no_turn()
        return DeadlineExceeded(f"{self._calls.rendition.render_plan.model} {why}")

    def _fetched(self) -> LineSamples:
        """All available audio, up to the point where the engine started anew."""
        parts = [self._came.popleft()]
        while self._came and not self._came[0].fresh:
            parts.append(self._came.popleft())
        if len(parts) == 1:
            return parts[0]
        samples = np.concatenate([part.samples for part in parts])
        return LineSamples(samples, parts[0].fresh, joined([part.original for part in parts]))

    async def _next_news(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def _run(self, start: LineStart) -> None:
        try:
            async with aclosing(self._calls.chunks(self.line, start)) as chunks:
                async for chunk in chunks:
                    self._take(chunk)
            if not self._kept:
                raise BadAudio("the engine returned no audio", findings=("empty",))
        except SegueError as error:
            self.failure = error
        except ValueError as error:
            self.failure = BadAudio(f"the engine's audio cannot be processed: {error}")
        finally:
            self.engine_s = start.watch.elapsed_s
            self._made = True
            self._news.set()

    def _take(self, chunk: LineChunk) -> None:
        pcm = chunk.pcm
        if not pcm.sample_count and pcm.original is None:
            return
        if self.first_came_s is None:
            self.first_came_s = self._calls.watch.elapsed_s
            self.rate_hz = pcm.rate_hz
        samples = to_samples(pcm)
        self._kept.append(samples)
        self._came.append(LineSamples(samples, chunk.fresh, pcm.original))
        self._news.set()


class LinePrefetch:
    """The lines of one rendition, in order. The next line is started when the one before it can be heard.

    ``first_audio_s`` is the engine's time to the first audio. ``engine_s`` is its time for all finished lines.
    ``heard``: the audio is heard while it is made.
    """

    def __init__(
        self, calls: Calls, lines: Iterable[Line], ahead: int, gap_s: float, *, heard: bool = True
    ) -> None:
        self.calls = calls
        self.first_audio_s: float | None = None
        self.engine_s = 0.0
        self._todo: Iterator[Line] = iter(lines)
        self._all_begun = False
        self._begun: deque[LineSynthesis] = deque()
        self._ahead = ahead
        self._gap_s = gap_s
        self._heard = heard

    @property
    def left(self) -> list[Line]:
        """The lines that are not finished, starting with the current one."""
        left = list(self._todo)
        self._todo = iter(left)
        return [*(one.line for one in self._begun), *left]

    @property
    def current(self) -> LineSynthesis:
        return self._begun[0]

    @property
    def is_single(self) -> bool:
        """Whether the current line is the last one."""
        if len(self._begun) > 1:
            return False
        following = next(self._todo, None)
        if following is not None:
            self._todo = chain((following,), self._todo)
        return following is None

    def begin(self, timeout_s: float, *, begun: bool = False) -> LineSynthesis:
        """Starts the first line, which must begin within ``timeout_s``.

        ``begun``: some audio of another arm has been heard.
        """
        self._begin_next(timeout_s, begun=begun)
        return self.current

    def first_audio_or(self, waited_s: float) -> float:
        """The time to the first audio, or ``waited_s`` if there was none."""
        return waited_s if self.first_audio_s is None else self.first_audio_s

    @property
    def is_behind(self) -> bool:
        """Whether ``look_ahead`` may have a line to start."""
        return len(self._begun) <= self._ahead and not self._all_begun

    def look_ahead(self) -> None:
        """The current line can be heard, so the lines after it are started."""
        while self.is_behind and self._begin_next(self._gap_s, patient=True):
            pass

    def turn(self) -> LineSynthesis | None:
        """Moves to the line after the current one; None if that was the last."""
        self.engine_s += self._begun.popleft().engine_s
        if not self._begun:
            self._begin_next(self._gap_s, patient=True)
        return self._begun[0] if self._begun else None

    async def close(self) -> None:
        """Cancels work in progress."""
        await asyncio.gather(*(one.close() for one in self._begun))

    def _begin_next(self, timeout_s: float, *, patient: bool = False, begun: bool = False) -> bool:
        """Starts the next line. Returns whether there was one."""
        line = next(self._todo, None)
        if line is None:
            self._all_begun = True
            return False
        deadline = asyncio.get_running_loop().time() + timeout_s
        rank = Rank.BEGUN if self._heard and (patient or begun) else Rank.WAITING
        start = LineStart(deadline, Stopwatch(self.calls.watch.clock), patient, rank)
        self._begun.append(LineSynthesis(self.calls, line, start))
        return True
