"""Switches: what is wrong with the stand-in, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.google_cloud.status import Status

SYNTHESIZE = "SynthesizeSpeech"
STREAM = "StreamingSynthesize"
LIST = "ListVoices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What befalls calls of ``methods``: the next ``times`` of them, or all.

    A call is delayed by ``delay_s``, or hangs until its deadline; ends with ``status``, or is answered without
    audio if ``empty``. A stream ends with ``status`` after ``abort_after_pieces``, and after
    ``hold_after_pieces`` waits for the server's ``proceed``. ``wav_chunk`` is put before the samples of a WAV.
    """

    methods: frozenset[str] = frozenset({SYNTHESIZE, STREAM, LIST})
    times: int | None = None
    status: Status | None = None
    delay_s: float = 0.0
    hang: bool = False
    empty: bool = False
    abort_after_pieces: int | None = None
    hold_after_pieces: int | None = None
    wav_chunk: bytes = b""


HEALTHY = Trouble()
