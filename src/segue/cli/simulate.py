"""``segue simulate``: predicts what a plan would do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from segue.cli import exits
from segue.cli.terminal import complaints, err, out
from segue.config.catalogue_file import read_catalogue
from segue.config.load import load_settings
from segue.config.names import env_name
from segue.config.plan_file import read_plan
from segue.preflight.plan_review import popularity
from segue.rollout.simulation.plots import draw_plots
from segue.rollout.simulation.report import report
from segue.rollout.simulation.summary import Summary, simulated
from segue.rollout.simulation.world import (
    SimulatedFaultKind,
    Tail,
    World,
    behaviour,
    check_faults,
    parse_drift,
    parse_fault,
    parse_span,
    parse_traffic,
)

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan

_FAULT_HELP = (
    "A fault, written kind:size@when, then +duration and /character if wanted. Examples: error:0.1@stage2 (10 % "
    "of calls fail from stage 2 on), slow:10@day6 (mean 10 s), drag:4@day6+1h (both arms 4 times as slow for an "
    "hour), hang:0.05@36h, error:0.5@stage3/pip_boy. "
    f"Kinds: {', '.join(SimulatedFaultKind)}. Repeat the option for several faults."
)


def simulate(  # noqa: PLR0913, PLR0917 - each parameter is an option
    plan: Annotated[Path, typer.Argument(help="The plan (YAML).")],
    traffic: Annotated[
        str, typer.Option(help="Requests that reach an engine, such as 5/s, 300/m or 20000/d.")
    ] = "20/s",
    fault: Annotated[list[str] | None, typer.Option(help=_FAULT_HELP)] = None,
    runs: Annotated[int, typer.Option(min=1, help="How many runs.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same runs.")] = 0,
    popular: Annotated[
        str,
        typer.Option(
            "--popularity",
            help="How requests are spread over characters: uniform, zipf, or a YAML file of counts.",
        ),
    ] = "uniform",
    burst: Annotated[
        int, typer.Option(min=1, help="Requests per session; a session's requests fail together.")
    ] = 1,
    session: Annotated[
        str, typer.Option(help="How long a session lasts, such as 10m or 4h; 0s: all at once.")
    ] = "0s",
    sessions_a_day: Annotated[float, typer.Option(min=1, help="Sessions per listener and day.")] = 1.0,
    heavy: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.99,
            help="Share of all requests that a single listener makes, for whom the candidate always fails.",
        ),
    ] = 0.0,
    poisoned: Annotated[
        bool, typer.Option("--poisoned", help="One listener keeps sending texts that the candidate cannot speak.")
    ] = False,
    breaker: Annotated[
        str,
        typer.Option(help="Longest time that the breaker stays open after an engine has recovered, such as 60s."),
    ] = "0s",
    tail: Annotated[Tail, typer.Option(help="Distribution of the longest call durations.")] = Tail.LOGNORMAL,
    text_chars: Annotated[
        float, typer.Option(min=1, help="Mean text length of a request, in characters.")
    ] = 100.0,
    night: Annotated[
        float, typer.Option(min=0, max=1, help="How far traffic drops at night: 0 not at all, 1 to nothing.")
    ] = 0.0,
    drift: Annotated[str, typer.Option(help="Traffic growth, such as 5%/day or -2%/day.")] = "0%/day",
    baseline_error: Annotated[float, typer.Option(min=0, max=1, help="The baseline's usual error rate.")] = 0.002,
    candidate_error: Annotated[
        float, typer.Option(min=0, max=1, help="The candidate's usual error rate.")
    ] = 0.002,
    baseline_mean: Annotated[float, typer.Option(help="The baseline's mean synthesis time (s).")] = 0.9,
    candidate_mean: Annotated[float, typer.Option(help="The candidate's mean synthesis time (s).")] = 0.9,
    streams: Annotated[float, typer.Option(min=0, max=1, help="Part of the calls that are streams.")] = 0.5,
    baseline_first_audio: Annotated[
        float, typer.Option(help="The baseline's mean time to the first audio of a stream (s).")
    ] = 0.3,
    candidate_first_audio: Annotated[
        float, typer.Option(help="The candidate's mean time to the first audio of a stream (s).")
    ] = 0.3,
    profile: Annotated[
        str | None, typer.Option(help="Profile or catalogue file that defines the characters.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the numbers to this file; - for standard output.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write plots and numbers to this folder.")] = None,
) -> None:
    """Simulate PLAN many times with traffic and faults on a virtual clock, and summarize the results."""
    with complaints():
        characters = _characters(profile)
        world = World(
            tuple(sorted(characters)),
            parse_traffic(traffic),
            behaviour(baseline_error, baseline_mean, baseline_first_audio, tail),
            behaviour(candidate_error, candidate_mean, candidate_first_audio, tail),
            tuple(parse_fault(written) for written in fault or ()),
            streams_ratio=streams,
            burst=burst,
            night=night,
            drift_per_day=parse_drift(drift),
            popularity=_popularity(popular, characters),
            session_s=parse_span(session),
            sessions_a_day=sessions_a_day,
            heavy=heavy,
            poisoned=poisoned,
            breaker_s=parse_span(breaker),
            text_chars=text_chars,
        )
        read = read_plan(plan, characters)
        check_faults(world, len(read.stages))
        summary = _with_progress(read, world, runs, seed)
        numbers = {"plan": read.name, "seed": seed, "world": world.as_json(), **summary.as_json()}
        if str(json_file) != "-":
            out().print(_table(summary, read, world))
        _keep(summary, numbers, json_file, output)


def _characters(profile: str | None) -> frozenset[str]:
    environ = dict(os.environ) | ({env_name("profile"): profile} if profile is not None else {})
    catalogue, _ = read_catalogue(load_settings(environ).settings.profile)
    return frozenset(catalogue.characters)


def _popularity(written: str, characters: frozenset[str]) -> tuple[float, ...]:
    """Request shares, ordered by character name; with ``zipf`` the first name is the most popular."""
    parts = popularity(written, tuple(sorted(characters)))
    return tuple(parts.get(name, 0.0) for name in sorted(characters))


def _with_progress(plan: Plan, world: World, runs: int, seed: int) -> Summary:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err(), transient=True) as progress:
        task = progress.add_task(f"{plan.name}, {runs:,} runs", total=1.0)
        return simulated(plan, world, runs, seed, lambda part: progress.update(task, completed=part))


def _table(summary: Summary, plan: Plan, world: World) -> Table:
    whom = f"{world.requests_per_s:g} requests/s over {len(world.characters)} characters"
    table = Table("what", "how much", title=f"{plan.name}: {whom}")
    for line in report(summary, with_fault=bool(world.faults)):
        table.add_row(*line)
    return table


def _keep(summary: Summary, numbers: dict[str, object], json_file: Path | None, output: Path | None) -> None:
    written = json.dumps(numbers, indent=2) + "\n"
    try:
        if str(json_file) == "-":
            typer.echo(written, nl=False)
        elif json_file is not None:
            json_file.write_text(written, encoding="utf-8")
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
            (output / "summary.json").write_text(written, encoding="utf-8")
            err().print(f"wrote {', '.join(path.name for path in draw_plots(summary, output))} to {output}")
    except OSError as error:
        err().print(f"cannot write {error.filename}: {error.strerror}", style="red", markup=False)
        raise typer.Exit(exits.FAILED) from error
