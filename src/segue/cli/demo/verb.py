"""``segue demo``: a rollout that climbs, breaks, goes back by itself, and climbs again to its end."""

from __future__ import annotations

import asyncio
import base64
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.markup import escape
from rich.table import Table

from segue.cli import exits
from segue.cli.demo.plan import plan_text
from segue.cli.demo.scenario import Scenario
from segue.cli.demo.screen import Screen
from segue.cli.demo.server import running_service
from segue.cli.demo.traffic import Traffic, one_line
from segue.cli.demo.verdict import Outcome, outcome
from segue.cli.rollout.client import PATH
from segue.cli.rollout.report import Kind, written
from segue.cli.terminal import complaints, err, out
from segue.core.speech import Arm
from segue.ops.words import span

if TYPE_CHECKING:
    from segue.cli.demo.server import Running
    from segue.cli.rollout.wire import Event

_LONGEST_S = 180.0
_SETTINGS = {
    "CHIRP3_ENABLED": "true",
    "SEGUE_PROFILE": "embedded",
    "SEGUE_ROLLOUT_ID": "demo",
    "SEGUE_FAULT_INJECTION": "true",
    "SEGUE_REQUEST_TIMEOUT_S": "10",
    "SEGUE_BREAKER_COOL_DOWN_S": "1",
}


class _Played(NamedTuple):
    """How it went, how long it took, and the files that came of it."""

    outcome: Outcome
    took_s: float
    files: list[str]


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the audio files and the report go.")
    ] = Path("demo-output"),
    users: Annotated[int, typer.Option(min=20, max=5000, help="How many listeners there are.")] = 400,
) -> None:
    """Start the service, move real listeners from eSpeak NG to Piper, break Piper, and see nobody notice."""
    output.mkdir(parents=True, exist_ok=True)
    with complaints():
        played = asyncio.run(_played(output, users))
    found = played.outcome
    out().print(_stages_table(found))
    out().print(_transitions_table(found))
    for line in played.files:
        out().print(line, highlight=False, markup=False)
    faults = found.faults
    for fault in faults:
        err().print(fault, style="red", markup=False)
    if faults:
        raise typer.Exit(exits.FAILED)
    out().print(
        f"[green]{len(found.heard)} requests in {span(played.took_s)}, none failed. Nobody changed arm within a "
        "stage, every split was within chance, the fault was noticed and taken back by itself, and the plan "
        "finished.[/]",
        highlight=False,
    )


async def _played(output: Path, users: int) -> _Played:
    screen, began_s = Screen(err()), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="segue-demo-") as folder, screen.shown():
        screen.says("starting the service: eSpeak NG is the baseline, Piper the candidate")
        async with running_service(Path(folder), _SETTINGS) as service:
            files = [await _saved(service, arm, output) for arm in Arm]
            found = await _rolled_out(service, screen, users)
            files += await _reported(service, output)
    return _Played(found, time.monotonic() - began_s, files)


async def _rolled_out(service: Running, screen: Screen, users: int) -> Outcome:
    traffic = Traffic(service.client, users)

    def looked(new: list[Event]) -> None:
        screen.happened(new)
        screen.draw(scenario.told, traffic.heard)

    scenario = Scenario(service, plan_text(), looked, screen.did)
    with suppress(TimeoutError):
        async with traffic.flowing(), asyncio.timeout(_LONGEST_S):
            await scenario.play()
    return outcome(scenario.told, traffic.heard)


async def _saved(service: Running, arm: str, output: Path) -> str:
    """One line by one arm into a file; a sentence about it."""
    answer = await one_line(service.client, arm)
    path = output / f"{answer['arm']}-{answer['voice_model']}.wav"
    await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["audio_base64"]))
    return f"listen: {path} ({answer['duration']:.1f} s)"


async def _reported(service: Running, output: Path) -> list[str]:
    """The rollout's report in all its forms; a sentence about each file."""
    answer = (await service.client.get(f"{PATH}/report", headers=service.operator)).raise_for_status().content
    return [f"read: {path}" for path in await asyncio.to_thread(written, answer, output, Kind.ALL)]


def _stages_table(found: Outcome) -> Table:
    table = Table(
        title="What each stage served",
        caption="Piper has no Chinese voice: a Chinese line is said by eSpeak NG, whoever the listener.",
    )
    for column in ("stage", "share", "users on the candidate", "heard", "from cache", "rescued", "failed"):
        table.add_column(column)
    for stay in found.stays:
        low, high = stay.bounds
        table.add_row(
            stay.title,
            f"{stay.share_ratio:.0%}",
            f"{stay.on_candidate} of {len(stay.users())} (chance: {low}-{high})",
            ", ".join(f"{model} {count}" for model, count in sorted(stay.models.items())),
            str(sum(one.source not in ("", "new") for one in stay.heard)),
            str(sum(bool(one.fallback) for one in stay.heard)),
            str(sum(one.failed for one in stay.heard)),
        )
    return table


def _transitions_table(found: Outcome) -> Table:
    table = Table("after", "who", "what", "to", "why", title="What happened")
    events = found.told.events
    for event in events:
        state = event.after
        share = state.share_percent if state.enabled else 0.0
        table.add_row(
            f"{event.at_s - events[0].at_s:.1f} s",
            escape(event.actor),
            f"{event.kind} {event.trigger}".strip(),
            f"{state.phase}, {share:g} %",
            escape(event.why),
        )
    return table
