"""``segue check``: validates settings, catalogue and plans before they are used."""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr
from rich.table import Table

from segue.cli import exits
from segue.cli.forecast import told
from segue.cli.terminal import complaints, err, out, tell_doubts
from segue.config.load import load_settings
from segue.config.names import SETTINGS_FILE, env_name
from segue.config.plan_file import parse_percent
from segue.config.plan_file import plan_schema as schema_of_plans
from segue.config.schema import Settings
from segue.kernel.arms import Arm
from segue.ops.words import as_written
from segue.preflight.exposure import check_open_ports
from segue.preflight.plan_quota import beyond_quota
from segue.preflight.plan_review import UNIFORM, KnownTraffic, outlasting, review_plan
from segue.preflight.review import review
from segue.preflight.startup import doubts
from segue.rollout.simulation.world import parse_traffic
from segue.wiring.notices import check_notices
from segue.wiring.people import check_people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from segue.config.load import Loaded
    from segue.preflight.review import Review
    from segue.speech.core.catalogue import Catalogue


def check(  # noqa: PLR0913, PLR0917 - each parameter is an option
    profile: Annotated[str | None, typer.Option(help="embedded, kokoro, google, or a catalogue file.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file (YAML).")] = None,
    online: Annotated[
        bool, typer.Option(help="Also start the engines and check the voices that they offer.")
    ] = False,
    settings: Annotated[
        bool, typer.Option("--settings", help="List every setting, its value and source.")
    ] = False,
    plan: Annotated[
        Path | None, typer.Option(help="Check this plan instead, and describe what it would do.")
    ] = None,
    traffic: Annotated[
        str | None,
        typer.Option(
            help="With --plan: requests that reach an engine, or with --cache-hits all requests, such as 20/s, "
            "300/m or 5000/d."
        ),
    ] = None,
    cache_hits: Annotated[
        str | None,
        typer.Option(help="With --traffic: the part answered from a cache, such as 95%; engines get the rest."),
    ] = None,
    popularity: Annotated[
        str, typer.Option(help="With --traffic: uniform, zipf, or a YAML file of requests by character.")
    ] = UNIFORM,
    requests_per_listener: Annotated[
        float, typer.Option(help="With --traffic: requests per listener and day that reach an engine.")
    ] = 1.0,
    characters_per_request: Annotated[
        float,
        typer.Option(help="With --traffic: text length in characters; the shadow budget is counted in them."),
    ] = 120.0,
    plan_schema: Annotated[
        bool, typer.Option("--plan-schema", help="Print the JSON Schema of plans and exit.")
    ] = False,
) -> None:
    """Validate settings and catalogue, or a plan, and describe what they would do."""
    if plan_schema:
        typer.echo(json.dumps(schema_of_plans(), indent=2))
        return
    environ = dict(os.environ)
    if profile is not None:
        environ[env_name("profile")] = profile
    if config is not None:
        environ[SETTINGS_FILE] = str(config)
    with complaints():
        loaded = load_settings(environ)
        if plan is not None:
            _check_plan(
                plan,
                loaded.settings,
                _asked(traffic, cache_hits, popularity, requests_per_listener, characters_per_request),
            )
            return
        check_notices(loaded.settings)
        check_open_ports(loaded.settings)
        check_people(loaded.settings)
        found = asyncio.run(review(loaded.settings, online=online))
    if settings:
        out().print(_settings_table(loaded))
    _tell(found, loaded.settings, out())
    tell_doubts(doubts(loaded.settings), out())
    if found.faults:
        err().print(f"[red]{len(found.faults)} fault(s):[/]")
        for fault in found.faults:
            err().print(f"  {fault}", markup=False)
        raise typer.Exit(exits.USAGE)
    out().print("[green]The configuration is valid.[/]")


def _asked(
    traffic: str | None, cache_hits: str | None, popularity: str, each: float, chars: float
) -> KnownTraffic | None:
    """The traffic options as numbers; None without ``--traffic``."""
    if traffic is None:
        return None
    hits = None if cache_hits is None else parse_percent(cache_hits)
    return KnownTraffic(parse_traffic(traffic), hits, popularity, each, chars)


def _check_plan(path: Path, settings: Settings, asked: KnownTraffic | None) -> None:
    found = review_plan(path, settings, asked)
    for sentence in found.sentences:
        out().print(sentence, markup=False, highlight=False)
    tell_doubts(found.doubts, out())
    faults = outlasting(found.plan, settings)
    if faults:
        err().print(f"{path}: {'; '.join(faults)}", style="red", markup=False, highlight=False)
        raise typer.Exit(exits.USAGE)
    if found.forecast is not None and found.traffic is not None:
        _tell_quotas(asyncio.run(beyond_quota(found.plan, settings, found.traffic)))
        for part in told(found.plan, found.traffic, found.forecast):
            out().print(part, highlight=False)
        if not found.forecast.can_end:
            err().print("[red]With this traffic, even a perfect candidate never completes the plan.[/]")
            raise typer.Exit(exits.USAGE)
    out().print("[green]The plan is valid.[/]")


def _tell_quotas(beyond: list[str]) -> None:
    """Warnings only, because the quota may be raised before the rollout."""
    if not beyond:
        return
    out().print("[yellow]This traffic exceeds quotas; have the vendor raise them first:[/]")
    for line in beyond:
        out().print(f"  {line}", markup=False, highlight=False)


def _settings_table(loaded: Loaded) -> Table:
    table = Table("variable", "value", "from", "meaning", title="Settings")
    for field, info in Settings.model_fields.items():
        value = getattr(loaded.settings, field)
        shown = "(set)" if isinstance(value, SecretStr) else as_written(value)
        table.add_row(env_name(field), shown, loaded.sources[field], info.description or "")
    return table


def _tell(found: Review, settings: Settings, console: Console) -> None:
    catalogue = found.catalogue
    table = Table("character", "baseline voice", "candidate voice")
    for key, arms in found.characters.items():
        table.add_row(key, *(arms[arm].in_words for arm in Arm))
    console.print(table)
    for arm, spec in catalogue.arms.items():
        console.print(f"{arm}: {_engines(catalogue, arm)}; metrics call its model {spec.model!r}")
        for line in _remarks(found, arm):
            console.print(f"  {line}", markup=False)
    for (engine, family), quota in catalogue.quotas.items():
        allowed = "no limit" if quota.requests_per_minute is None else f"{quota.requests_per_minute:,.0f}"
        console.print(
            f"quota of {engine}/{family}: {allowed} requests a minute "
            f"(as of {quota.as_of or 'unknown'}), shared by {settings.workers} worker(s)"
            + ("" if engine in catalogue.engine_names else "; no voice of this profile is of that engine")
        )
    console.print(_routing_sentence(settings))
    console.print(_unit_sentence(settings))


def _engines(catalogue: Catalogue, arm: Arm) -> str:
    """The arm's engines; of one that has a name of its own, what it is."""
    named = [
        name if name not in catalogue.uses else f"{name} (which is {catalogue.uses[name]})"
        for name in catalogue.engines_of(arm)
    ]
    return f"engine {named[0]}" if len(named) == 1 else f"engines {', '.join(named)}"


def _remarks(found: Review, arm: Arm) -> Iterator[str]:
    """Controls that the arm cannot apply and voices that it lacks: a line for each cause, with its characters."""
    by_cause: dict[str, list[str]] = defaultdict(list)
    for key, arms in found.characters.items():
        for loss in arms[arm].losses:
            cause = f"{loss.control} {'changed' if loss.applied else 'left out'} ({loss.why})"
            by_cause[cause].append(f"{key} {loss.wanted}")
        for missing in arms[arm].missing:
            by_cause[missing].append(key)
    for cause, whom in by_cause.items():
        yield f"{cause}: {', '.join(whom)}"


def _unit_sentence(settings: Settings) -> str:
    """How assignments persist, with a warning if a share can move all listeners of one app at once."""
    sources = settings.unit_sources
    if "key" not in sources:
        named = ", ".join(sources) or "nothing"
        return (
            f"Assignments are kept by: {named}. A request that has none of these gets a new assignment each time."
        )
    before = ", ".join(sources[: sources.index("key")])
    unless = f" but none of {before}" if before else ""
    return (
        f"Assignments are kept by: {', '.join(sources)}. Warning: if requests carry an API key{unless}, all "
        "requests with that key change arm together and count as one listener. See docs/assignment.md."
    )


def _routing_sentence(settings: Settings) -> str:
    if not settings.chirp3_enabled:
        return "The candidate is switched off: the baseline answers every request."
    who = ", ".join(settings.chirp3_enabled_characters) or "all characters"
    safety = "the baseline answers" if settings.chirp3_fallback_to_wavenet else "the request fails"
    return (
        f"{settings.chirp3_rollout_percentage:g} % of listeners hear the candidate for {who}; "
        f"if the candidate fails, {safety}."
    )
