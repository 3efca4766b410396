"""The scenario: climb, break, stand, go back."""

from __future__ import annotations

import asyncio
import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from segue.cli import exits
from segue.cli.demo.server import running_service
from segue.cli.demo.traffic import listen, one_line
from segue.cli.terminal import complaints, err, out
from segue.core.stats import binomial_bounds

if TYPE_CHECKING:
    import httpx

    from segue.cli.demo.server import Running
    from segue.cli.demo.traffic import Crowd

_ROLLOUT = "/api/v1/rollout"
_FAULTS = "/api/v1/faults/piper"
_BOUNDS_ALPHA = 1e-6
_RECOVERY_LOOKS = 40
_LOOK_EVERY_S = 0.25
_SETTINGS = {
    "CHIRP3_ENABLED": "true",
    "SEGUE_PROFILE": "embedded",
    "SEGUE_ROLLOUT_ID": "demo",
    "SEGUE_FAULT_INJECTION": "true",
    "SEGUE_BREAKER_COOL_DOWN_S": "1",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One look at the service: the share to set, and whether the candidate is broken, or was before."""

    title: str
    share_percent: float
    broken: bool = False
    mended: bool = False


STEPS = (
    Step("all on the baseline", 0),
    Step("first listeners", 10),
    Step("a quarter", 25),
    Step("half", 50),
    Step("half, candidate broken", 50, broken=True),
    Step("taken back", 0),
    Step("mended, half again", 50, mended=True),
    Step("everyone", 100),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What a step served, and what is wrong with it."""

    step: Step
    crowd: Crowd
    on_candidate: int
    bounds: tuple[int, int]

    @property
    def faults(self) -> list[str]:
        found = []
        if self.crowd.failed:
            found.append(f"{self.crowd.failed} requests failed")
        if any(len(arms) > 1 for arms in self.crowd.arms_of_users().values()):
            found.append("a user was sent to both arms")
        low, high = self.bounds
        if not low <= self.on_candidate <= high:
            found.append(f"{self.on_candidate} users on the candidate; {low} to {high} would be chance")
        if self.step.broken and "piper" in self.crowd.models():
            found.append("a broken candidate was heard")
        if not self.step.broken and self.crowd.fallbacks:
            found.append(f"{self.crowd.fallbacks} fallbacks from a candidate that works")
        return found


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the two audio files go.")] = Path(
        "demo-output"
    ),
    users: Annotated[int, typer.Option(min=20, max=5000, help="Listeners in each step.")] = 400,
) -> None:
    """Start the service, move real listeners from eSpeak NG to Piper, break Piper, and see nobody notice."""
    output.mkdir(parents=True, exist_ok=True)
    with complaints():
        results, files = asyncio.run(_run(output, users))
    out().print(_table(results))
    for path, duration_s in files.items():
        out().print(f"listen: {path} ({duration_s:.1f} s)", highlight=False)
    faults = [f"{result.step.title}: {fault}" for result in results for fault in result.faults]
    for fault in faults:
        err().print(f"[red]{fault}[/]")
    if faults:
        raise typer.Exit(exits.FAILED)
    out().print(
        "[green]No request failed, nobody changed arm within a step, and every split was within chance.[/]"
    )


async def _run(output: Path, users: int) -> tuple[list[Result], dict[Path, float]]:
    with tempfile.TemporaryDirectory(prefix="segue-demo-") as folder, _progress() as progress:
        task = progress.add_task("starting the service", total=len(STEPS) * users)
        async with running_service(Path(folder), _SETTINGS) as service:
            files = dict([await _saved(service, arm, output) for arm in ("wavenet", "chirp3-hd")])
            results = []
            for number, step in enumerate(STEPS):
                progress.update(task, description=f"{step.title} ({step.share_percent:g} %)")
                await _set(service, step)
                crowd = await listen(
                    service.client, users=users, step=number, on_answer=lambda: progress.advance(task)
                )
                results.append(_result(step, crowd))
    return results, files


def _progress() -> Progress:
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err())


async def _set(service: Running, step: Step) -> None:
    """Changes the running service: the candidate's share, and whether it works."""
    broken: list[dict[str, Any]] = [{"kind": "internal"}] if step.broken else []
    await _told(service, "PUT", _FAULTS, {"faults": broken})
    if step.mended:
        await _recovered(service)
    await _told(service, "PATCH", _ROLLOUT, {"share_percent": step.share_percent, "why": step.title})


async def _recovered(service: Running) -> None:
    """Waits until the breaker has tried the mended candidate and lets calls through again."""
    for _ in range(_RECOVERY_LOOKS):
        if (await one_line(service.client, "chirp3-hd"))["voice_model"] == "piper":
            return
        await asyncio.sleep(_LOOK_EVERY_S)


async def _saved(service: Running, arm: str, output: Path) -> tuple[Path, float]:
    """One line by one arm into a file; its path and length."""
    answer = await one_line(service.client, arm)
    path = output / f"{answer['arm']}-{answer['voice_model']}.wav"
    await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["audio_base64"]))
    return path, float(answer["duration"])


async def _told(service: Running, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    response = await service.client.request(method, path, json=body, headers=service.operator)
    return response.raise_for_status()


def _result(step: Step, crowd: Crowd) -> Result:
    arms = crowd.arms_of_users()
    on_candidate = sum("candidate" in found for found in arms.values())
    return Result(step, crowd, on_candidate, binomial_bounds(len(arms), step.share_percent / 100, _BOUNDS_ALPHA))


def _table(results: list[Result]) -> Table:
    table = Table(title="What each step served")
    for column in ("step", "share", "users on the candidate", "heard", "from cache", "fallbacks", "failed"):
        table.add_column(column)
    for result in results:
        low, high = result.bounds
        table.add_row(
            result.step.title,
            f"{result.step.share_percent:g} %",
            f"{result.on_candidate} (chance: {low}-{high})",
            ", ".join(f"{model} {count}" for model, count in result.crowd.models().items()),
            str(result.crowd.cached),
            str(result.crowd.fallbacks),
            str(result.crowd.failed),
        )
    return table
