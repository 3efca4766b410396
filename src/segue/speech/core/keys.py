"""The canonical cache key. Two keys are equal if and only if the resolved requests are equal.

``key = BLAKE2b-160(prefix(manner) || text)``, in hex. Each field of the prefix is preceded by its length, and the
text comes last, so different requests never produce the same input.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.speech.core.speech import AudioFormat, Manner, Pause, Pronunciation, ResolvedRequest, Span

KEY_VERSION = "2"
"""Increase it when a change of encoding, levelling or inspection changes the content of entries."""

KEY_CHARS = 40


def cache_key(request: ResolvedRequest) -> str:
    """The key of a request: forty hex digits."""
    return key_of(key_prefix(request.manner), request.text)


def key_of(prefix: bytes, text: str) -> str:
    """The key for a text, from a prefix that was computed before."""
    return blake2b(prefix + text.encode(), digest_size=KEY_CHARS // 2).hexdigest()


def key_prefix(manner: Manner) -> bytes:
    """The part of the key that covers everything except the text."""
    return _prefixed(
        (
            KEY_VERSION,
            manner.engine,
            manner.engine_version,
            manner.voice,
            manner.language,
            manner.audio_format.container,
            _rates(manner.audio_format),
            _number(manner.rate_ratio),
            _number(manner.pitch_semitones),
            _number(manner.volume_ratio),
            _spelled(manner.pronunciations),
            _number(manner.stretch_ratio),
            _number(manner.shift_semitones),
            "" if manner.level_lufs is None else _number(manner.level_lufs),
            _prefixed([part for pause in manner.pauses for part in _pause(pause)]),
            _prefixed([part for span in manner.spans for part in _span(span)]),
        )
    ).encode()


def _rates(wanted: AudioFormat) -> str:
    rate_hz, bit_rate_bps = wanted.rate_hz, wanted.bit_rate_bps
    return str(rate_hz) if bit_rate_bps is None else f"{rate_hz}@{bit_rate_bps}"


def _number(value: float) -> str:
    """One spelling for equal numbers, such as 1 and 1.0, or 0.0 and -0.0."""
    return repr(float(value) + 0.0)


def _spelled(pronunciations: tuple[Pronunciation, ...]) -> str:
    return _prefixed(
        [part for said in pronunciations for part in (said.phrase, said.pronunciation, said.alphabet)]
    )


def _pause(pause: Pause) -> tuple[str, ...]:
    return (str(pause.position), str(pause.length_ms), pause.name)


def _span(span: Span) -> tuple[str, ...]:
    return (
        str(span.start),
        str(span.end),
        _number(span.rate_ratio),
        _number(span.pitch_semitones),
        _number(span.volume_ratio),
        span.emphasis,
        "" if span.pronunciation is None else _spelled((span.pronunciation,)),
        span.say_as,
        span.language or "",
    )


def _prefixed(fields: tuple[str, ...] | list[str]) -> str:
    return "".join([f"{len(field)}:{field}" for field in fields])
