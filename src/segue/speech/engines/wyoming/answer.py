"""Converts the events of a response to samples, and a server's error to one of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from segue.kernel.errors import (
    BadAudio,
    DeadlineExceeded,
    InternalFailure,
    QuotaExhausted,
    SegueError,
    Unavailable,
    Unsupported,
)
from segue.speech.engines.quoting import last_line
from segue.speech.engines.samples import RATES_HZ, Framer, Layout, SampleFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.speech.core.speech import Pcm
    from segue.speech.engines.wyoming.events import WyomingEvent

_LAYOUTS = {2: Layout.S16, 3: Layout.S24, 4: Layout.S32}
_CHANNELS = range(1, 9)
_KINDS: Mapping[str, type[SegueError]] = {
    "invalid_request": Unsupported,
    "unsupported": Unsupported,
    "quota": QuotaExhausted,
    "unavailable": Unavailable,
    "deadline": DeadlineExceeded,
    "bad_audio": BadAudio,
}
"""Codes of Segue's own port; the protocol has none, and other servers send names of exceptions."""

_MOST_SILENT_EVENTS = 1000
"""Events without sound, before an answer is given up."""

START, CHUNK, STOP, STOPPED, ERROR = "audio-start", "audio-chunk", "audio-stop", "synthesize-stopped", "error"


class _Form(msgspec.Struct, frozen=True):
    rate: int
    width: int
    channels: int


class AnswerLimits(NamedTuple):
    """The limits of one response."""

    output_bytes: int
    audio_s: float


class WyomingAnswer:
    """Reads the events of one response, up to the one of type ``until``. Messages must not quote ``text``."""

    def __init__(self, until: str, text: str, limits: AnswerLimits) -> None:
        self.is_over = False
        self._until = until
        self._text = text
        self._limits = limits
        self._framer: Framer | None = None
        self._form: _Form | None = None
        self._bytes = 0
        self._made_s = 0.0
        self._silent_events = 0

    def take(self, event: WyomingEvent) -> Pcm | None:
        """The samples that the event brings; events that say nothing about sound are passed over.

        Raises:
            BadAudio: it brings what cannot be sound, changes its format, or too much of it.
            InternalFailure: it is one of many that bring no sound.
            SegueError: what the server's error event says.
        """
        if event.type == ERROR:
            raise self._told(event)
        self._count(event)
        if event.type in {START, CHUNK}:
            framer = self._framer_for(event)
            if event.type == CHUNK:
                return self._measured(framer, event.payload)
        if event.type == self._until:
            self._end()
        return None

    def _count(self, event: WyomingEvent) -> None:
        self._silent_events += not (event.type == CHUNK and event.payload)
        if self._silent_events > _MOST_SILENT_EVENTS:
            raise InternalFailure(
                f"the Wyoming server sent {_MOST_SILENT_EVENTS} events without sound for one text"
            )

    def _framer_for(self, event: WyomingEvent) -> Framer:
        try:
            form = msgspec.convert(event.data, _Form)
        except msgspec.ValidationError:
            raise BadAudio(f"the Wyoming server sent {event.type} without rate, width and channels") from None
        if self._framer is not None and form == self._form:
            return self._framer
        if self._form is not None:
            raise BadAudio(
                f"the Wyoming server changed from {_named(self._form)} to {_named(form)} within an answer"
            )
        layout = _LAYOUTS.get(form.width)
        if layout is None or form.rate not in RATES_HZ or form.channels not in _CHANNELS:
            raise BadAudio(f"the Wyoming server sent sound of {_named(form)}, which cannot be read")
        self._form, self._framer = form, Framer(SampleFormat(layout, form.rate, form.channels))
        return self._framer

    def _measured(self, framer: Framer, payload: bytes) -> Pcm:
        self._bytes += len(payload)
        piece = framer.fed(payload)
        self._made_s += piece.duration_s
        if self._bytes > self._limits.output_bytes or self._made_s > self._limits.audio_s:
            raise BadAudio(
                f"the Wyoming server sent more than {self._limits.output_bytes} bytes (max_output_bytes) or "
                f"{self._limits.audio_s:g} s of sound (max_audio_s) for one text",
                findings=("too_long",),
            )
        return piece

    def _end(self) -> None:
        self.is_over = True
        if self._framer is not None and self._framer.left_over_bytes:
            raise BadAudio("the Wyoming server's audio ends in the middle of a sample")

    def _told(self, event: WyomingEvent) -> SegueError:
        code, said = str(event.data.get("code") or ""), str(event.data.get("text") or "")
        words = last_line(said, self._text, ())
        kind = _KINDS.get(code, InternalFailure)
        return kind(f"the Wyoming server refused the text{f' ({words})' if words else ''}")


def _named(form: _Form) -> str:
    return f"{form.rate} Hz, {8 * form.width} bits, {form.channels} channels"
