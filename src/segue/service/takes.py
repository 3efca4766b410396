"""Lines on their way from an engine, a little ahead of the listener.

A take is one line being made. What the engine gives waits in the take, however slowly it is fetched: a slow
reader holds no place, no thread and no connection, and at most the lines of ``ahead`` in memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.audio.pcm import to_samples
from segue.core.errors import BadAudio, DeadlineExceeded, SegueError
from segue.service.calls import Start, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.audio.pcm import Samples
    from segue.core.lines import Line
    from segue.service.calls import Calls, Chunk


_ANY_MORE_S = 1e-6


class Part(NamedTuple):
    """Some of a line's sound; ``fresh`` where the engine began anew with it, as it does for each call."""

    samples: Samples
    fresh: bool


class Take:
    """One line being made. ``listened``: whoever fetches it has listened to all of it."""

    def __init__(
        self, calls: Calls, line: Line, deadline: float, *, patient: bool = False, begun: bool = False
    ) -> None:
        self.line = line
        self.engine_s = 0.0
        self.rate_hz = 0
        self.first_came_s: float | None = None
        self.failure: SegueError | None = None
        self.listened = False
        self._calls = calls
        self._kept: list[Samples] = []
        self._came: deque[Part] = deque()
        self._made = False
        self._news = asyncio.Event()
        start = Start(deadline, Stopwatch(calls.watch.clock), patient, begun)
        self._task = asyncio.create_task(self._run(start), name="take")

    @property
    def made(self) -> bool:
        """Whether the engine has said all that it will; some of it may still wait to be fetched."""
        return self._made

    @property
    def samples(self) -> Samples:
        """All that has come so far, fetched or not."""
        return self._kept[0] if len(self._kept) == 1 else np.concatenate(self._kept)

    @property
    def is_one_piece(self) -> bool:
        return len(self._kept) == 1

    @property
    def has_s(self) -> float:
        """How much has come, in seconds of sound."""
        return sum([kept.size for kept in self._kept]) / self.rate_hz if self.rate_hz else 0.0

    async def reach(self, sound_s: float, timeout_s: float) -> None:
        """Waits until so much sound has come, or the line is made.

        Raises:
            DeadlineExceeded: neither within ``timeout_s``.
            SegueError: the line broke off.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self.has_s < sound_s and not self.made:
                    await self._next_news()
        except TimeoutError:
            raise DeadlineExceeded(f"{self._calls.leg.way.model} did not go on in time") from None
        if self.failure is not None:
            raise self.failure

    async def next(self, timeout_s: float) -> Part | None:
        """What has come and was not fetched yet; None when the line is over.

        Raises:
            DeadlineExceeded: nothing came within ``timeout_s``.
            SegueError: the line broke off; what came before has been fetched.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not self._came and not self.made:
                    await self._next_news()
        except TimeoutError:
            raise DeadlineExceeded(f"{self._calls.leg.way.model} fell silent in the middle of a stream") from None
        if self._came:
            return self._fetched()
        if self.failure is not None:
            raise self.failure
        return None

    async def complete(self, gap_s: float) -> None:
        """Waits until the line is made.

        Raises:
            DeadlineExceeded: nothing came for ``gap_s``.
            SegueError: the line broke off.
        """
        while not self.made:
            await self.reach(self.has_s + _ANY_MORE_S, gap_s)
        if self.failure is not None:
            raise self.failure

    async def settle(self, timeout_s: float) -> None:
        """Gives the engine so long to say that it has said all."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not self.made:
                    await self._next_news()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _fetched(self) -> Part:
        """Everything at hand up to where the engine began anew."""
        first = self._came.popleft()
        more = []
        while self._came and not self._came[0].fresh:
            more.append(self._came.popleft().samples)
        return Part(np.concatenate([first.samples, *more]), first.fresh) if more else first

    async def _next_news(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def _run(self, start: Start) -> None:
        try:
            async with aclosing(self._calls.chunks(self.line, start)) as chunks:
                async for chunk in chunks:
                    self._take(chunk)
            if not self._kept:
                raise BadAudio("the engine answered without any sound", findings=("empty",))
        except SegueError as error:
            self.failure = error
        except ValueError as error:
            self.failure = BadAudio(f"the audio cannot be read: {error}")
        finally:
            self.engine_s = start.watch.elapsed_s
            self._made = True
            self._news.set()

    def _take(self, chunk: Chunk) -> None:
        pcm = chunk.pcm
        if not pcm.sample_count:
            return
        if self.first_came_s is None:
            self.first_came_s = self._calls.watch.elapsed_s
            self.rate_hz = pcm.rate_hz
        samples = to_samples(pcm)
        self._kept.append(samples)
        self._came.append(Part(samples, chunk.fresh))
        self._news.set()


class Takes:
    """The lines of one leg, in order; the next is begun when the one before it can be heard.

    ``first_audio_s`` is how long the engine took to the first sound, ``engine_s`` how long over the lines that
    are over. ``heard``: somebody listens as it is made.
    """

    def __init__(
        self, calls: Calls, lines: Iterable[Line], ahead: int, gap_s: float, *, heard: bool = True
    ) -> None:
        self.calls = calls
        self.first_audio_s: float | None = None
        self.engine_s = 0.0
        self._todo = iter(lines)
        self._begun: deque[Take] = deque()
        self._ahead = ahead
        self._gap_s = gap_s
        self._heard = heard

    @property
    def left(self) -> list[Line]:
        """The lines that are not over yet, the present one first."""
        left = list(self._todo)
        self._todo = iter(left)
        return [*(take.line for take in self._begun), *left]

    @property
    def present(self) -> Take:
        return self._begun[0]

    def begin(self, timeout_s: float, *, begun: bool = False) -> Take:
        """The first line, which has so long to begin; ``begun``: of another arm something has been heard."""
        self._begin_next(timeout_s, begun=begun)
        return self.present

    def first_audio_or(self, waited_s: float) -> float:
        """The time to the first sound, or how long it was waited for in vain."""
        return waited_s if self.first_audio_s is None else self.first_audio_s

    def look_ahead(self) -> None:
        """The present line can be heard: its successors are begun."""
        while len(self._begun) <= self._ahead and self._begin_next(self._gap_s, patient=True):
            pass

    def turn(self) -> Take | None:
        """The line after the present one, which is over; None when it was the last."""
        self.engine_s += self._begun.popleft().engine_s
        if not self._begun:
            self._begin_next(self._gap_s, patient=True)
        return self._begun[0] if self._begun else None

    async def close(self) -> None:
        """Stops what is under way."""
        await asyncio.gather(*(take.close() for take in self._begun))

    def _begin_next(self, timeout_s: float, *, patient: bool = False, begun: bool = False) -> bool:
        """Whether there was another line to begin."""
        line = next(self._todo, None)
        if line is None:
            return False
        deadline = asyncio.get_running_loop().time() + timeout_s
        begun = self._heard and (patient or begun)
        self._begun.append(Take(self.calls, line, deadline, patient=patient, begun=begun))
        return True
