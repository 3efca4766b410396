"""Keeps the usage of this process, exports it as metrics, and writes it to the store."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import Unavailable
from segue.kernel.ports.usage import MOST_TOTALS, UsageOf, UsageRow, Used
from segue.kernel.units import day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.usage import UsageField, UsageLog, UsageTotal

    class UsageSource(Protocol):
        """What is asked for the usage since the last time: a ``UsageCounter``."""

        def taken(self) -> Mapping[UsageOf, Used]: ...

    Export = Callable[[UsageOf, Used], None]

WRITE_EVERY_S = 10.0
_CLOSES_WITHIN_S = 3.0
_TIDY_EVERY_S = 3600.0
_JOINED_AFTER_DAYS = 8
"""A process that could not reach the store for less than this may still write what it counted on a day."""

_UNWRITTEN = (
    "it is counted on, and written when the store responds; what a process has not written when it ends is lost"
)
_NOT_TIDIED = "the table of usage has more rows than necessary; tried again in an hour"
_LOST = (
    "the usage of this process since its last write may be missing: at most this many requests, and what was "
    "synthesized for them"
)
_MOST_KEYS = 200
OTHER_KEYS = "(other)"
"""Further keys have one series together, because each key has a series for each voice and character."""


class BookRules(NamedTuple):
    """For how many days usage is kept, and whether what is exported names the keys."""

    kept_days: int = 400
    names_keys: bool = True


class UsageBook:
    """Everything that this process has counted, by day.

    It writes totals and not differences, so that a write whose result is unknown can be repeated. ``source`` must
    be new for each process.
    """

    def __init__(
        self, counter: UsageSource, log: UsageLog, clock: Clock, source: str, rules: BookRules, export: Export
    ) -> None:
        self._counter = counter
        self._usage_log = log
        self._clock = clock
        self._source = source
        self._export = export
        self._rules = rules
        self._totals: dict[tuple[int, UsageOf], Used] = {}
        self._unwritten: set[tuple[int, UsageOf]] = set()
        self._keys: set[str] = set()
        self._tidied_at_s = -math.inf
        self._is_behind = False
        self._writing = asyncio.Lock()
        self._tasks = BackgroundTasks()
        self._log = structlog.get_logger("segue.usage")

    def start(self) -> None:
        """Writes to the store every ten seconds from now on."""
        self._tasks.start(self._keep_writing(), "write usage")

    def count(self) -> None:
        """Takes what was counted since the last call. Raises nothing."""
        day = day_of(self._clock.now_s())
        for of, used in self._counter.taken().items():
            place = (day, of)
            self._totals[place] = self._totals.get(place, Used()).plus(used)
            self._unwritten.add(place)
            self._export(of._replace(key=self._key_shown(of.key)), used)

    async def write(self) -> None:
        """Writes what has changed to the store.

        Raises:
            Unavailable: the store is out of reach; the next call writes it.
        """
        async with self._writing:
            self.count()
            places = sorted(self._unwritten)
            rows = [UsageRow(day, of, self._source, self._totals[day, of]) for day, of in places]
            self._unwritten.clear()
            try:
                await self._usage_log.put(rows)
            except BaseException:
                self._unwritten.update(places)
                raise
            self._forget_old_days()

    async def totals(
        self, since_day: int, before_day: int, by: Sequence[UsageField], key: str | None
    ) -> tuple[Sequence[UsageTotal], bool]:
        """The usage of all processes, as of their last write; that of this one until now.

        False: what this process has counted last is missing, because it could not be written or is being written.

        Raises:
            Unavailable: the store is out of reach.
        """
        is_complete = not self._writing.locked()
        if is_complete:
            try:
                await self.write()
            except Unavailable:
                is_complete = False
        return await self._usage_log.totals(since_day, before_day, by, key, MOST_TOTALS + 1), is_complete

    async def close(self) -> None:
        """Writes what is left, but does not wait long for a store that does not respond."""
        await self._tasks.close()
        try:
            async with asyncio.timeout(_CLOSES_WITHIN_S):
                await self.write()
        except (Unavailable, TimeoutError) as error:
            requests = sum(self._totals[place].requests for place in self._unwritten)
            self._log.error("usage_lost", error=str(error), requests=requests, effect=_LOST)

    def _forget_old_days(self) -> None:
        """Yesterday is kept, because a clock may be set back over midnight."""
        earliest = day_of(self._clock.now_s()) - 1
        for place in [place for place in self._totals if place[0] < earliest and place not in self._unwritten]:
            del self._totals[place]

    def _key_shown(self, key: str) -> str:
        if not self._rules.names_keys:
            return ""
        if key not in self._keys:
            if len(self._keys) >= _MOST_KEYS:
                return OTHER_KEYS
            self._keys.add(key)
        return key

    async def _keep_writing(self) -> None:
        while True:
            await self._clock.sleep(WRITE_EVERY_S)
            try:
                await self.write()
            except Unavailable as error:
                if not self._is_behind:
                    self._log.warning("usage_unwritten", error=str(error), effect=_UNWRITTEN)
                self._is_behind = True
                continue
            self._is_behind = False
            try:
                await self._tidy()
            except Unavailable as error:
                self._log.warning("usage_not_tidied", error=str(error), effect=_NOT_TIDIED)

    async def _tidy(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._tidied_at_s >= _TIDY_EVERY_S:
            self._tidied_at_s = now_s
            today = day_of(self._clock.now_s())
            await self._usage_log.tidy(today - _JOINED_AFTER_DAYS, today - self._rules.kept_days)
