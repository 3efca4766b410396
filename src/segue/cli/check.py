"""``segue check``: everything that can be wrong before anyone listens."""

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
from segue.cli.terminal import complaints, err, out, tell_doubts
from segue.config.load import SETTINGS_FILE, load_settings
from segue.config.plan_file import plan_schema as schema_of_plans
from segue.config.schema import Settings, env_name
from segue.core.speech import Arm
from segue.ops.words import as_written
from segue.simulation.world import parse_traffic
from segue.wiring.notices import check_notices
from segue.wiring.plan_quota import beyond_quota
from segue.wiring.plan_review import review_plan
from segue.wiring.review import review
from segue.wiring.startup import doubts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from segue.config.load import Loaded
    from segue.wiring.review import Review


def check(  # noqa: PLR0913, PLR0917 - each parameter is an option
    profile: Annotated[str | None, typer.Option(help="embedded, google, or a catalogue file.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file (YAML).")] = None,
    online: Annotated[bool, typer.Option(help="Start the engines and ask what they serve.")] = False,
    settings: Annotated[
        bool, typer.Option("--settings", help="List every setting, its value and source.")
    ] = False,
    plan: Annotated[Path | None, typer.Option(help="Read a plan instead, and say what it would do.")] = None,
    traffic: Annotated[
        str | None, typer.Option(help="With --plan: requests that reach an engine, 20/s or 300/m.")
    ] = None,
    plan_schema: Annotated[
        bool, typer.Option("--plan-schema", help="Print the JSON Schema of plans, and do nothing else.")
    ] = False,
) -> None:
    """Validate settings and catalogue, or a plan, and say what they would do."""
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
            _check_plan(plan, loaded.settings, traffic)
            return
        check_notices(loaded.settings)
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
    out().print("[green]The configuration can be used.[/]")


def _check_plan(path: Path, settings: Settings, traffic: str | None) -> None:
    units_per_s = parse_traffic(traffic) if traffic is not None else None
    found = review_plan(path, settings, units_per_s)
    for sentence in found.sentences:
        out().print(sentence, markup=False, highlight=False)
    if units_per_s is not None:
        _tell_quotas(asyncio.run(beyond_quota(found.plan, settings, units_per_s)), traffic)
    if found.starved:
        err().print(f"[red]{len(found.starved)} step(s) would starve at {traffic}, a request a listener:[/]")
        for fault in found.starved:
            err().print(f"  {fault}", markup=False, highlight=False)
        raise typer.Exit(exits.USAGE)
    if traffic is not None:
        out().print(f"At {traffic} every step gathers its evidence within its hold.", highlight=False)
    out().print("[green]The plan can be used.[/]")


def _tell_quotas(beyond: list[str], traffic: str | None) -> None:
    """These are no faults: the cache may answer most, or the quota be raised by then."""
    if not beyond:
        return
    out().print(
        f"[yellow]At {traffic} that reach an engine, quotas are exceeded; raise them at the vendor first:[/]"
    )
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
        table.add_row(key, *(", ".join(arms[arm].voices) for arm in Arm))
    console.print(table)
    for arm, spec in catalogue.arms.items():
        console.print(f"{arm}: engine {spec.engine}, counted as {spec.model!r}")
        for line in _remarks(found, arm):
            console.print(f"  {line}", markup=False)
    for (engine, family), quota in catalogue.quotas.items():
        allowed = "no limit" if quota.requests_per_minute is None else f"{quota.requests_per_minute:,.0f}"
        console.print(
            f"quota of {engine}/{family}: {allowed} requests a minute "
            f"(as of {quota.as_of or 'unknown'}), shared by {settings.workers} worker(s)"
        )
    console.print(_routing_sentence(settings))
    console.print(_unit_sentence(settings))


def _remarks(found: Review, arm: Arm) -> Iterator[str]:
    """What the arm cannot take over, one line a cause, with the characters it touches."""
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
    """Said without being asked where a share would move whole apps: nobody expects it who has not read of it."""
    sources = settings.unit_sources
    named = ", ".join(source for source in sources if source != "key") or "nothing"
    if "key" not in sources:
        return f"An assignment sticks to: {named}; a request without any of it is dealt afresh."
    return (
        f"An assignment sticks to: {', '.join(sources)}. Mind that requests with an API key and without any of "
        f"{named} move together, all of one app's at once, and count as one listener: "
        "docs/assignment.md says what to do."
    )


def _routing_sentence(settings: Settings) -> str:
    if not settings.chirp3_enabled:
        return "The candidate is switched off: everything is answered by the baseline."
    who = ", ".join(settings.chirp3_enabled_characters) or "all characters"
    safety = "the baseline answers" if settings.chirp3_fallback_to_wavenet else "the request fails"
    return (
        f"{settings.chirp3_rollout_percentage:g} % of users hear the candidate for {who}; "
        f"where the candidate fails, {safety}."
    )
