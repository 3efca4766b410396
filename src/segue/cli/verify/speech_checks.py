"""Checks of synthesis: each arm, the assigned arm, the cache, and OpenAI's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.cli.verify.deployment import succeeded
from segue.cli.verify.listening import embedded_audio, heard, heard_as_told
from segue.cli.verify.outcome import CheckFailed, CheckSkipped
from segue.kernel.arms import Arm
from segue.kernel.assign import AssignmentReason

if TYPE_CHECKING:
    from segue.cli.verify.deployment import Deployment

_LISTENER = "segue-verify"
_OPENAI = "/v1/audio/speech"


def baseline(deployment: Deployment) -> str:
    return _forced(deployment, Arm.BASELINE, "wavenet")


def candidate(deployment: Deployment) -> str:
    return _forced(deployment, Arm.CANDIDATE, "chirp3-hd")


def _forced(deployment: Deployment, arm: Arm, name: str) -> str:
    text = deployment.asked.fresh_text()
    answer = deployment.synthesize(
        text, force_voice_model=name, cache_enabled=False, return_format="base64", user_id=_LISTENER
    )
    if arm is Arm.CANDIDATE and answer.reason == AssignmentReason.SWITCHED_OFF:
        raise CheckSkipped("the master switch is off, so the candidate answers no requests, not even forced ones")
    if answer.arm != arm:
        why = answer.fallback_error or answer.reason
        raise CheckFailed(
            f"forced the {arm}, but {answer.voice_model} of the {answer.arm} answered ({why})",
            means="this arm's engine fails, or it has no voice for this character and text; listeners hear the "
            "other arm instead",
            do="see /api/v1/monitoring/health for what the engine lacks, and the log; or try another --character",
        )
    return f"{answer.voice_model}: {heard_as_told(answer, embedded_audio(answer), text)}"


def route(deployment: Deployment) -> str:
    """Sends a request as an app does: no arm is forced, and the audio is fetched from its URL."""
    text = deployment.asked.fresh_text()
    answer = deployment.synthesize(text, user_id=_LISTENER, return_format="url")
    file = deployment.client.get(answer.url or "")
    kind = file.headers.get("content-type", "")
    if not file.is_success or not kind.startswith("audio/"):
        raise CheckFailed(
            f"{answer.url} answers {file.status_code} ({kind or 'no content type'})",
            means="apps get URLs that they cannot play",
            do="set SEGUE_PUBLIC_URL to the address that apps use, and make sure that it reaches the service; "
            "with several workers, set SEGUE_CACHE_DISK_BYTES above 0; with several replicas, set "
            "SEGUE_AUDIO_URL, or make the load balancer send a client to the same one",
        )
    if answer.fallback_error:
        raise CheckFailed(
            f"answered by the fallback, because the candidate failed: {answer.fallback_error}",
            means="the candidate failed for this one request; its listeners hear the fallback as long as it fails "
            "for them too",
            do="see the service's log and the candidate's health; `segue rollout rollback` switches it off",
        )
    return f"{answer.arm} ({answer.reason}), {heard_as_told(answer, file.content, text)}"


def cache(deployment: Deployment) -> str:
    text = deployment.asked.fresh_text()
    first = deployment.synthesize(text, user_id=_LISTENER)
    second = deployment.synthesize(text, user_id=_LISTENER)
    if first.cached or not second.cached:
        raise CheckFailed(
            f"the first response came from {first.source!r}, the same request again from {second.source!r}",
            means="every repeated request costs time and money; or the cache key is incomplete",
            do="check SEGUE_CACHE_MEMORY_BYTES, SEGUE_CACHE_DISK_BYTES and the free disk space",
        )
    return f"the second response came from {second.source}"


def openai(deployment: Deployment) -> str:
    text = deployment.asked.fresh_text()
    body = {"model": "tts-1", "voice": deployment.asked.character, "input": text, "user": _LISTENER}
    answer = deployment.client.post(_OPENAI, json=body, headers=deployment.key_headers())
    sound = heard(succeeded(answer).content, text)
    return f"{sound.duration_s:.2f} s of speech ({sound.codec}), {answer.headers.get('x-segue', '')}"
