"""Is the server set up as it is meant to be? Asked of the server, not of this shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.cli.verify.outcome import CheckFailed, CheckSkipped
from segue.config.load import load_settings
from segue.config.schema import Settings, env_name
from segue.core.errors import ConfigurationError
from segue.core.units import percent_from_ppm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.cli.verify.deployment import Deployment
    from segue.cli.verify.wire import Configuration, Routing
    from segue.core.plan import Stage

_OF_A_MACHINE = frozenset({"rollout_file", "admin_token", "store_url", "prometheus_url"})
"""Secrets, and a path that means something on the server only."""


def configuration(deployment: Deployment) -> str:
    """What is in force, and where that is no longer what the server was started with."""
    found = deployment.configuration()
    changed = ", ".join(_not_as_set(found))
    since = f"; not as set at the start: {changed}" if changed else ""
    return f"profile {found.profile}; in force: {in_words(found.in_force)}{since}"


def _not_as_set(found: Configuration) -> Iterator[str]:
    at_start = {setting.name: setting.value for setting in found.settings}
    now = {
        "CHIRP3_ENABLED": found.in_force.enabled,
        "CHIRP3_ROLLOUT_PERCENTAGE": found.in_force.share_percent,
        "CHIRP3_ENABLED_CHARACTERS": sorted(found.in_force.characters),
        "CHIRP3_FALLBACK_TO_WAVENET": found.in_force.fallback,
    }
    for name, value in now.items():
        first = at_start.get(name)
        first = sorted(first) if isinstance(first, list) else first
        if first != value:
            yield f"{name} {_short(first)} -> {_short(value)}"


def _short(value: object) -> str:
    return (",".join(map(str, value)) or "(all)") if isinstance(value, list) else str(value)


def in_words(routing: Routing) -> str:
    """The routing as a sentence's part."""
    if not routing.enabled:
        locked = " by CHIRP3_ENABLED=false in the environment" if routing.locked_off else ""
        return f"the candidate is switched off{locked}"
    whom = ", ".join(routing.characters) or "all characters"
    held = f", held back: {', '.join(routing.held_back)}" if routing.held_back else ""
    fallback = "with" if routing.fallback else "without"
    return f"{routing.share_percent:g} % of {whom}{held}, {fallback} fallback (revision {routing.revision})"


def environment(deployment: Deployment, environ: Mapping[str, str]) -> str:
    """What this shell sets against what the server was started with.

    Raises:
        CheckSkipped: this shell sets nothing.
    """
    names = {env_name(field): field for field in Settings.model_fields if field not in _OF_A_MACHINE}
    here = {name: environ[name] for name in names if environ.get(name, "").strip()}
    if not here:
        raise CheckSkipped("no CHIRP3_ or SEGUE_ variable is set here to compare with")
    there = {setting.name: setting for setting in deployment.configuration().settings}
    try:
        wanted = load_settings(here).settings.model_dump(mode="json")
    except ConfigurationError as error:
        raise CheckFailed(
            "; ".join(error.faults),
            means="this shell's variables are none that a service would start with",
            do="`segue check` names every fault; mend them where the deployment sets them",
        ) from None
    differ = [
        f"{name} is {wanted[names[name]]!r} here, {there[name].value!r} there ({there[name].source})"
        for name in here
        if name in there and there[name].value != wanted[names[name]]
    ]
    if differ:
        raise CheckFailed(
            "; ".join(differ),
            means="the server was not started with these variables: it runs by others",
            do="set them where the service is started and restart it, or compare from its own environment",
        )
    return f"the server was started with what is set here: {', '.join(sorted(here))}"


def stage(deployment: Deployment, expected: Stage | None) -> str:
    """The routing in force against a stage of the plan.

    Raises:
        CheckSkipped: no stage is expected.
    """
    if expected is None:
        raise CheckSkipped("no stage was named (--expect-stage)")
    routing = deployment.configuration().in_force
    differ = list(_differences(routing, expected))
    if differ:
        raise CheckFailed(
            f"not stage {expected.name!r}: {'; '.join(differ)}",
            means="listeners are assigned otherwise than the plan says",
            do="`segue rollout status` says where the plan stands; start it, or set the CHIRP3_ variables anew",
        )
    return f"as stage {expected.name!r} has it: {in_words(routing)}"


def _differences(routing: Routing, expected: Stage) -> Iterator[str]:
    shares = sorted({percent_from_ppm(step.share_ppm) for step in expected.steps})
    share = routing.share_percent if routing.enabled else 0.0
    if share not in shares:
        yield f"the share is {share:g} %, not {' or '.join(f'{one:g} %' for one in shares)}"
    if not any(shares):
        return
    if set(routing.characters) != expected.characters:
        there = ", ".join(routing.characters) or "all"
        yield f"the characters are {there}, not {', '.join(sorted(expected.characters)) or 'all'}"
    if routing.held_back:
        yield f"held back: {', '.join(routing.held_back)}"
