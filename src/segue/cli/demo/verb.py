"""``segue demo``: a rollout that advances, fails, rolls back automatically, and then completes."""

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
from segue.cli.demo.screen import DemoScreen
from segue.cli.demo.server import running_service
from segue.cli.demo.traffic import SAMPLE_LINES, DemoTraffic, one_line
from segue.cli.demo.verdict import DemoOutcome, outcome
from segue.cli.rollout.client import PATH
from segue.cli.rollout.report import ReportForm, written
from segue.cli.terminal import complaints, err, out
from segue.kernel.arms import Arm
from segue.ops.words import span

if TYPE_CHECKING:
    from segue.cli.demo.server import RunningService
    from segue.rollout.ports.control import EventBody

_LONGEST_S = 180.0
_SETTINGS = {
    "CHIRP3_ENABLED": "true",
    "SEGUE_PROFILE": "embedded",
    "SEGUE_ROLLOUT_ID": "demo",
    "SEGUE_FAULT_INJECTION": "true",
    "SEGUE_REQUEST_TIMEOUT_S": "30",
    "SEGUE_BREAKER_COOL_DOWN_S": "1",
}


class _Played(NamedTuple):
    """The outcome, the duration, and a sentence for each file that was written."""

    outcome: DemoOutcome
    took_s: float
    files: list[str]


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the audio files and the report.")
    ] = Path("demo-output"),
    users: Annotated[int, typer.Option(min=20, max=5000, help="Number of listeners.")] = 1000,
) -> None:
    """Run a rollout from eSpeak NG to Piper and Kokoro, which break half-way; still, no request fails."""
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
        f"[green]{len(found.heard)} requests in {span(played.took_s)}, none failed. No listener changed arm "
        "within a stage, every split was within chance, the fault was detected and rolled back automatically, and "
        "the plan finished.[/]",
        highlight=False,
    )


async def _played(output: Path, users: int) -> _Played:
    screen, began_s = DemoScreen(err()), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="segue-demo-") as folder, screen.shown():
        screen.says(
            "starting the service: eSpeak NG is the baseline, Piper and (in Mandarin) Kokoro the candidate"
        )
        async with running_service(Path(folder), _SETTINGS) as service:
            files = [await _saved(service, arm, language, output) for arm in Arm for language in SAMPLE_LINES]
            found = await _rolled_out(service, screen, users)
            files += await _reported(service, output)
    return _Played(found, time.monotonic() - began_s, files)


async def _rolled_out(service: RunningService, screen: DemoScreen, users: int) -> DemoOutcome:
    traffic = DemoTraffic(service.client, users)

    def looked(new: list[EventBody]) -> None:
        screen.happened(new)
        screen.draw(scenario.told, traffic.heard)

    scenario = Scenario(service, plan_text(), looked, screen.did)
    with suppress(TimeoutError):
        async with traffic.flowing(), asyncio.timeout(_LONGEST_S):
            await scenario.play()
    return outcome(scenario.told, traffic.heard)


async def _saved(service: RunningService, arm: str, language: str, output: Path) -> str:
    """Saves one line, spoken by one arm, to a file; returns a sentence about it."""
    answer = await one_line(service.client, arm, language)
    if answer["arm"] != arm:
        return (
            f"no sample of the {arm} in {language}: this machine synthesizes it too slowly at the moment "
            f"({answer['fallback_error']}); run the demo again when the machine is less busy"
        )
    path = output / f"{arm}-{language}.wav"
    await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["audio_base64"]))
    return f"listen: {path} ({answer['duration']:.1f} s)"


async def _reported(service: RunningService, output: Path) -> list[str]:
    """Saves the rollout's report in all formats; returns a sentence for each file."""
    answer = (await service.client.get(f"{PATH}/report", headers=service.operator)).raise_for_status().content
    return [f"read: {path}" for path in await asyncio.to_thread(written, answer, output, ReportForm.ALL)]


def _stages_table(found: DemoOutcome) -> Table:
    table = Table(
        title="What each stage served",
        caption="On the candidate, Piper speaks the English lines and Kokoro the Chinese lines.",
    )
    for column in ("stage", "share", "users on the candidate", "heard", "from cache", "fallbacks", "failed"):
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


def _transitions_table(found: DemoOutcome) -> Table:
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
