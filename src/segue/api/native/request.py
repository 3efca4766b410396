"""Converts a body of the native dialect to a request, for short and long texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.native.wire import controls_of, pronunciations_of
from segue.api.wire import unknown_fields
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import NEUTRAL, AudioFormat, Loss, Marked, SpeechRequest
from segue.speech.core.text.marks import settled
from segue.speech.core.text.normalize import MAX_TEXT_CHARS
from segue.speech.core.text.ssml import read_ssml
from segue.speech.core.text.written import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.context import Context
    from segue.api.native.wire import SynthesizeBody
    from segue.kernel.arms import Arm
    from segue.speech.core.speech import Controls

DIALECT = "native"


def understood(
    context: Context,
    raw: bytes,
    body: SynthesizeBody,
    headers: Mapping[bytes, bytes],
    request_id: str,
    max_chars: int = MAX_TEXT_CHARS,
) -> SpeechRequest:
    """The request in a body, which arrived as ``raw``; unknown fields cause a warning in the response.

    Raises:
        InvalidRequest: the text cannot be spoken, or a field is invalid.
    """
    marked, controls = _marked(context, body, max_chars)
    return SpeechRequest(
        text=marked.text,
        character_key=body.character_key,
        unit=context.identity.unit(headers, body.user_id, body.session_id),
        request_id=request_id,
        dialect=DIALECT,
        audio_format=AudioFormat(body.audio_format),
        controls=controls,
        pronunciations=pronunciations_of(body),
        language=body.language,
        forced_arm=_forced(context, body),
        cache_enabled=body.cache_enabled,
        timeout_s=context.request_timeout_s,
        losses=(*_unknown(raw, type(body)), *marked.losses),
    )


def _marked(context: Context, body: SynthesizeBody, max_chars: int) -> tuple[Marked, Controls]:
    """The text without markup, and the controls with their positions in that text."""
    controls = controls_of(body)
    if body.text_type == "text":
        text_format = body.text_format or context.text_format
        marked = read_text(Marked(body.text, controls.pauses), text_format, max_chars=max_chars)
    elif controls.pauses:
        raise InvalidRequest("for pauses in SSML use <break> tags, not positions", field="voice_controls.pauses")
    else:
        marked = settled(read_ssml(body.text, max_chars=max_chars), max_chars=max_chars)
    if controls is NEUTRAL and not marked.pauses and not marked.spans:
        return marked, controls
    return marked, controls.marked_by(marked)


def _unknown(raw: bytes, kind: type[SynthesizeBody]) -> list[Loss]:
    return [Loss("field", name, "", "a request has no such field") for name in unknown_fields(kind, raw)]


def _forced(context: Context, body: SynthesizeBody) -> Arm | None:
    return None if body.force_voice_model is None else context.catalogue.arm_named(body.force_voice_model)
