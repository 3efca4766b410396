"""Checks of the configuration that the server reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.cli.verify.outcome import CheckFailed, CheckSkipped
from segue.config.load import load_settings
from segue.config.names import env_name
from segue.config.schema import Settings, is_secret
from segue.kernel.errors import ConfigurationError
from segue.kernel.units import percent_from_ppm
from segue.ops.words import off_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.cli.verify.deployment import Deployment
    from segue.rollout.core.plan import Stage
    from segue.rollout.ports.control import ConfigBody, RoutingBody

_NOT_COMPARED = frozenset({"rollout_file", *filter(is_secret, Settings.model_fields)})
"""Secrets, which the server does not show, and paths that are valid on the server only."""


def configuration(deployment: Deployment) -> str:
    """The routing in force, and where it differs from what the server was started with."""
    found = deployment.configuration()
    changed = ", ".join(_not_as_set(found))
    since = f"; changed since the start: {changed}" if changed else ""
    return f"profile {found.profile}; in force: {in_words(found.in_force)}{since}"


def _not_as_set(found: ConfigBody) -> Iterator[str]:
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


def in_words(routing: RoutingBody) -> str:
    """The routing as part of a sentence."""
    if not routing.enabled:
        locked = f" by {off_in_words(routing.locked_off_by)}" if routing.locked_off else ""
        return f"the candidate is switched off{locked}"
    whom = ", ".join(routing.characters) or "all characters"
    held = f", held back: {', '.join(routing.held_back)}" if routing.held_back else ""
    fallback = "with" if routing.fallback else "without"
    return f"{routing.share_percent:g} % of {whom}{held}, {fallback} fallback (revision {routing.revision})"


def environment(deployment: Deployment, environ: Mapping[str, str]) -> str:
    """Compares the variables of this shell with those that the server was started with.

    Raises:
        CheckSkipped: this shell sets no such variable.
    """
    names = {env_name(field): field for field in Settings.model_fields if field not in _NOT_COMPARED}
    here = {name: environ[name] for name in names if environ.get(name, "").strip()}
    if not here:
        raise CheckSkipped("this shell sets no CHIRP3_ or SEGUE_ variable to compare")
    there = {setting.name: setting for setting in deployment.configuration().settings}
    try:
        wanted = load_settings(here).settings.model_dump(mode="json")
    except ConfigurationError as error:
        raise CheckFailed(
            "; ".join(error.faults),
            means="a service would not start with this shell's variables",
            do="run `segue check` to list every fault, and correct them where the deployment sets them",
        ) from None
    differ = [
        f"{name} is {wanted[names[name]]!r} here, {there[name].value!r} on the server ({there[name].source})"
        for name in here
        if name in there and there[name].value != wanted[names[name]]
    ]
    if differ:
        raise CheckFailed(
            "; ".join(differ),
            means="the server was started with other values",
            do="change each value where the server takes it from (in brackets) and restart the service, or run "
            "this command with the service's environment",
        )
    return f"the server was started with the values set here: {', '.join(sorted(here))}"


def stage(deployment: Deployment, expected: Stage | None) -> str:
    """Compares the routing in force with a stage of the plan.

    Raises:
        CheckSkipped: no stage was given.
    """
    if expected is None:
        raise CheckSkipped("no stage was given (--expect-stage)")
    routing = deployment.configuration().in_force
    differ = list(_differences(routing, expected))
    if differ:
        raise CheckFailed(
            f"not stage {expected.name!r}: {'; '.join(differ)}",
            means="listeners are not assigned as the plan says",
            do="see `segue rollout status` for the plan's state; start the plan, or correct the CHIRP3_ variables",
        )
    return f"matches stage {expected.name!r}: {in_words(routing)}"


def _differences(routing: RoutingBody, expected: Stage) -> Iterator[str]:
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
