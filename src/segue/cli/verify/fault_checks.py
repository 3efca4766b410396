"""Is a listener answered when the candidate breaks? Tried by breaking it, where that is allowed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from segue.cli.verify.deployment import understood
from segue.cli.verify.listening import embedded_audio, heard_as_told
from segue.cli.verify.outcome import CheckFailed, CheckSkipped
from segue.cli.verify.wire import Faults
from segue.core.speech import Arm
from segue.ports.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.cli.verify.deployment import Deployment

_BROKEN_FOR_S = 30.0
"""Mends itself, should this command be killed in the middle."""


def fallback(deployment: Deployment, *, allowed: bool) -> str:
    """One request of the test character, while the candidate fails for that character alone.

    Raises:
        CheckSkipped: nobody asked for it, the server does not allow it, or there is nothing to fall back from.
    """
    if not allowed:
        raise CheckSkipped("breaks the candidate for one request; ask for it with --with-faults")
    found = deployment.configuration()
    if not found.in_force.enabled:
        raise CheckSkipped("the master switch is off: there is no candidate to fall back from")
    if not found.in_force.fallback:
        raise CheckSkipped("the fallback is switched off (CHIRP3_FALLBACK_TO_WAVENET)")
    with _broken(deployment, found.arms[Arm.CANDIDATE].engine):
        text = deployment.asked.fresh_text()
        answer = deployment.synthesize(
            text, force_voice_model="chirp3-hd", cache_enabled=False, return_format="base64"
        )
    if answer.arm != Arm.BASELINE or not answer.fallback_error:
        raise CheckFailed(
            f"the candidate was broken, and {answer.voice_model} of the {answer.arm} answered all the same",
            means="the fault did not reach the process that answered, or the fallback was not needed",
            do="try again against one replica, past the load balancer",
        )
    return f"{answer.voice_model} answered for it: {heard_as_told(answer, embedded_audio(answer), text)}"


@contextmanager
def _broken(deployment: Deployment, engine: str) -> Iterator[None]:
    """The candidate down for the test character; afterwards the faults are as they were."""
    path = f"/api/v1/faults/{engine}"
    answer = deployment.as_operator("GET", path)
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise CheckSkipped("the server does not allow it (SEGUE_FAULT_INJECTION=true, for staging only)")
    before = [dict(fault) for fault in understood(answer, Faults).faults]
    fault = {"kind": FaultKind.UNAVAILABLE, "character_key": deployment.asked.character, "for_s": _BROKEN_FOR_S}
    understood(deployment.as_operator("PUT", path, {"faults": [fault, *before]}), Faults)
    try:
        yield
    finally:
        deployment.as_operator("PUT", path, {"faults": before})
