"""A body of the native dialect as a request, the same for short texts and long ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.native.wire import controls_of, pronunciations_of
from segue.api.wire import unknown_fields
from segue.core.errors import InvalidRequest
from segue.core.speech import NEUTRAL, AudioFormat, Loss, Marked, SpeechRequest
from segue.core.text.marks import settled
from segue.core.text.normalize import MAX_TEXT_CHARS, normalize
from segue.core.text.ssml import read_ssml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.context import Context
    from segue.api.native.wire import SynthesizeBody
    from segue.core.speech import Arm, Controls

DIALECT = "native"


def understood(
    context: Context,
    raw: bytes,
    body: SynthesizeBody,
    headers: Mapping[bytes, bytes],
    request_id: str,
    max_chars: int = MAX_TEXT_CHARS,
) -> SpeechRequest:
    """The request of a body that came as ``raw``; of fields that no request has, its answer warns.

    Raises:
        InvalidRequest: the text cannot be spoken, or something about it cannot be understood.
    """
    marked, controls = _marked(body, max_chars)
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


def _marked(body: SynthesizeBody, max_chars: int) -> tuple[Marked, Controls]:
    """The text without its markup, and controls whose positions count what is left of it."""
    controls = controls_of(body)
    if body.text_type == "text" and not controls.pauses:
        return Marked(normalize(body.text, max_chars=max_chars)), controls
    if body.text_type == "ssml" and controls.pauses:
        raise InvalidRequest("pauses in SSML are <break> tags, not positions", field="voice_controls.pauses")
    raw = Marked(body.text) if body.text_type == "text" else read_ssml(body.text, max_chars=max_chars)
    marked = settled(raw._replace(pauses=(*raw.pauses, *controls.pauses)), max_chars=max_chars)
    if controls is NEUTRAL and not marked.pauses and not marked.spans:
        return marked, controls
    return marked, controls.marked_by(marked)


def _unknown(raw: bytes, kind: type[SynthesizeBody]) -> list[Loss]:
    return [Loss("field", name, "", "a request has no such field") for name in unknown_fields(kind, raw)]


def _forced(context: Context, body: SynthesizeBody) -> Arm | None:
    return None if body.force_voice_model is None else context.catalogue.arm_named(body.force_voice_model)
