"""Publishes what a worker saw, slot by slot, aligned to the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import Unavailable
from segue.rollout.evidence.units import packed
from segue.rollout.ports.store import Row

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock
    from segue.rollout.evidence.meter import Meter
    from segue.rollout.ports.store import Rows

_LOOK_EVERY_S = 0.1
_LOST = (
    "these counts are missing from the store: a judge that reads the store (no SEGUE_PROMETHEUS_URL) does not see "
    "what this worker's listeners heard in this slot"
)


class Publisher:
    """Writes a row for every slot in which anything happened, soon after its end.

    A slot that cannot be written is lost. That can only hold a rollout, never move it.
    """

    def __init__(self, meter: Meter, rows: Rows, series: str, source: str, clock: Clock) -> None:
        self._meter = meter
        self._rows = rows
        self._series = series
        self._source = source
        self._clock = clock
        self._start_s = self._slot_now()
        self._log = structlog.get_logger("segue.telemetry")
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        self._tasks.start(self._keep_publishing(), "publish slots")

    async def close(self) -> None:
        """Stops, and publishes what the last, unfinished slot contains."""
        await self._tasks.close()
        if self._tasks:
            await self._publish()

    async def _keep_publishing(self) -> None:
        while True:
            await self._clock.sleep(_LOOK_EVERY_S)
            now_s = self._slot_now()
            if now_s != self._start_s:
                await self._publish()
                self._start_s = now_s

    def _slot_now(self) -> float:
        slot_s = self._meter.pace.slot_s
        return self._clock.now_s() // slot_s * slot_s

    async def _publish(self) -> None:
        seen = self._meter.take()
        if not (seen.lookups or seen.units or seen.split[0] or seen.split[1]):
            return
        try:
            await self._rows.add(Row(self._series, self._start_s, self._source, packed(seen)))
        except Unavailable as error:
            self._log.warning(
                "slot_lost",
                start_s=self._start_s,
                units=len(seen.units),
                error=str(error),
                effect=_LOST,
            )
