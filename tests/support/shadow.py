"""A service whose baseline answers everyone, with the candidate in the shadow, and what it counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from segue.kernel.assign import Routing

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

    from support.service import Stage

SHADOW = Routing(enabled=True, share_ppm=0, shadow_ppm=1_000_000, salt="test")
"""Nobody hears the candidate, and it makes all that the baseline answers."""


def shadow_everything(stage: Stage, routing: Routing = SHADOW) -> None:
    stage.service.current.take(routing, stage.service.current.revision)


async def counted(stage: Stage) -> dict[tuple[str, str], float]:
    """Totals by the metric's name and its labels' values, in the order of the labels' names, joined by commas."""
    return {
        (sample.name, ",".join(value for _, value in sorted(sample.labels.items()))): sample.value
        for sample in await _samples(stage)
    }


async def shadows(stage: Stage) -> dict[str, float]:
    """How many requests came to each end in the shadow: a status, or why they were skipped."""
    ends: Counter[str] = Counter()
    for sample in await _samples(stage):
        if sample.name in {"segue_shadow_total", "segue_shadow_skipped_total"}:
            ends[sample.labels.get("status") or sample.labels["reason"]] += int(sample.value)
    return dict(ends)


async def until_over(stage: Stage, requests: int) -> dict[str, float]:
    """The ends of so many requests in the shadow, once they are over."""
    async with asyncio.timeout(20):
        while True:
            ends = await shadows(stage)
            if sum(ends.values()) >= requests:
                return ends
            await asyncio.sleep(0.02)


async def _samples(stage: Stage) -> list[Sample]:
    page = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text
    return [sample for family in text_string_to_metric_families(page) for sample in family.samples]
