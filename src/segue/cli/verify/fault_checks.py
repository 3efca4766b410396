"""Checks that the fallback answers if the candidate fails, with an injected fault if the service allows it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import httpx

from segue.cli.verify.deployment import understood
from segue.cli.verify.listening import embedded_audio, heard_as_told
from segue.cli.verify.outcome import CheckFailed, CheckSkipped
from segue.cli.verify.wire import Faults
from segue.kernel.arms import Arm
from segue.speech.ports.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.cli.verify.deployment import Deployment

_BROKEN_FOR_S = 30.0
"""The fault ends after this time even if this command is killed."""


def fallback(deployment: Deployment, *, allowed: bool) -> str:
    """Sends one request for the test character while the candidate fails for that character only.

    Raises:
        CheckSkipped: not requested, not allowed by the server, or the candidate or the fallback is switched off.
    """
    if not allowed:
        raise CheckSkipped("breaks the candidate for one request; run it with --with-faults")
    found = deployment.configuration()
    if not found.in_force.enabled:
        raise CheckSkipped("the master switch is off: there is no candidate to fall back from")
    if not found.in_force.fallback:
        raise CheckSkipped(
            "the fallback is switched off now (by CHIRP3_FALLBACK_TO_WAVENET, or by a command: see "
            "`segue rollout history`)"
        )
    candidate = found.arms[Arm.CANDIDATE]
    with ExitStack() as broken:
        for engine in candidate.engines or (candidate.engine,):
            broken.enter_context(_broken(deployment, engine))
        text = deployment.asked.fresh_text()
        answer = deployment.synthesize(
            text, force_voice_model="chirp3-hd", cache_enabled=False, return_format="base64"
        )
    if answer.arm != Arm.BASELINE or not answer.fallback_error:
        raise CheckFailed(
            f"the candidate was broken, but {answer.voice_model} of the {answer.arm} answered, without a fallback",
            means="another worker or replica answered, which does not have the fault; or the candidate has no "
            "voice for this character and text",
            do="try again with one replica and one worker, without the load balancer, or with another --character",
        )
    return f"{answer.voice_model} answered instead: {heard_as_told(answer, embedded_audio(answer), text)}"


@contextmanager
def _broken(deployment: Deployment, engine: str) -> Iterator[None]:
    """Breaks the candidate for the test character; restores the previous faults at the end."""
    path = f"/api/v1/faults/{engine}"
    answer = deployment.as_operator("GET", path)
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise CheckSkipped(
            "the server does not allow faults (it needs SEGUE_FAULT_INJECTION=true; for staging only)"
        )
    before = [dict(fault) for fault in understood(answer, Faults).faults]
    fault = {"kind": FaultKind.UNAVAILABLE, "character_key": deployment.asked.character, "for_s": _BROKEN_FOR_S}
    understood(deployment.as_operator("PUT", path, {"faults": [fault, *before]}), Faults)
    try:
        yield
    finally:
        deployment.as_operator("PUT", path, {"faults": before})
