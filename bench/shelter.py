"""What it costs that an engine speaks in processes of its own: the same engine within this process and sheltered,
in turns. Prints a line each; ``--core N`` keeps all of it on one core.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple, cast

import uvloop

from segue.speech.core.speech import Utterance
from segue.speech.engines import registry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from segue.speech.core.speech import Pcm
    from segue.speech.ports.engine import Engine

ENGINES = {"eSpeak NG": ("espeak", "en-us+m7", 500), "Piper": ("piper", "en_US-joe-medium", 40)}
"""The name, the voice, and how many turns."""

SENTENCE = "The caravan left well before dawn, and nobody in all the settlement had heard it go that day"
_WARM_UP = 5


class Cost(NamedTuple):
    """Seconds within this process and sheltered, in the order of the turns."""

    within: list[float]
    sheltered: list[float]

    @property
    def more_ms(self) -> float:
        """Of the median."""
        return 1000 * (statistics.median(self.sheltered) - statistics.median(self.within))

    def __str__(self) -> str:
        (a, b), (c, d) = (_median_and_p95_ms(one) for one in self)
        return f"{a:.2f} ms, P95 {b:.2f}, within the process; {c:.2f} ms, P95 {d:.2f}, sheltered"


class Costs(NamedTuple):
    """To the first sound of a stream, and for a whole answer."""

    first: Cost
    whole: Cost


def compared(name: str, voice: str, turns: int) -> Costs:
    """Both engines are made, and asked in turns for sentences never asked before."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_compared(name, voice, turns))


async def _compared(name: str, voice: str, turns: int) -> Costs:
    engines = [registry.create(name, {}), registry.create_sheltered(name, {}, processes=2)]
    for engine in engines:
        await engine.start()
    numbers = itertools.count(1000)
    costs = Costs(Cost([], []), Cost([], []))
    for turn in range(turns + _WARM_UP):
        order = (0, 1) if turn % 2 else (1, 0)
        for which, measured in itertools.product(order, (0, 1)):
            utterance = Utterance(f"{SENTENCE} {next(numbers)}.", voice, "en-us")
            seconds = await (_whole_s, _first_s)[not measured](engines[which], utterance)
            if turn >= _WARM_UP:
                costs[measured][which].append(seconds)
    for engine in engines:
        await engine.close()
    return costs


async def _first_s(engine: Engine, utterance: Utterance) -> float:
    """The stream is heard to its end, so that nothing of it is still under way in the next turn."""
    began = time.perf_counter()
    first_s = 0.0
    async with aclosing(cast("AsyncGenerator[Pcm, None]", engine.stream(utterance))) as pieces:
        async for _ in pieces:
            first_s = first_s or time.perf_counter() - began
    return first_s


async def _whole_s(engine: Engine, utterance: Utterance) -> float:
    began = time.perf_counter()
    await engine.synthesize(utterance)
    return time.perf_counter() - began


def _median_and_p95_ms(seconds: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(seconds)
    return 1000 * statistics.median(ordered), 1000 * ordered[int(len(ordered) * 0.95)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", type=int, help="the only core to run on")
    arguments = parser.parse_args()
    if arguments.core is not None:
        os.sched_setaffinity(0, {arguments.core})
    for name, asked in ENGINES.items():
        costs = compared(*asked)
        print(f"{name}, first sound: {costs.first}: {costs.first.more_ms:+.2f} ms")
        print(f"{name}, whole: {costs.whole}: {costs.whole.more_ms:+.2f} ms")


if __name__ == "__main__":
    main()
