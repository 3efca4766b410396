"""Converts samples in the layouts of programs and services to mono samples of 16 bits or floats."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from segue.speech.core.speech import Pcm, SampleEncoding

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Layout(StrEnum):
    """One sample in memory, little-endian: the number of bits, signed unless it begins with ``u``; ``f`` for
    floats.
    """

    U8 = "u8"
    S16 = "s16"
    S24 = "s24"
    S32 = "s32"
    F32 = "f32"
    F64 = "f64"


RATES_HZ = range(4_000, 192_001)
"""The sample rates that are accepted from programs and servers."""

_BYTES = {Layout.U8: 1, Layout.S16: 2, Layout.S24: 3, Layout.S32: 4, Layout.F32: 4, Layout.F64: 8}


class SampleFormat(NamedTuple):
    """The format of consecutive samples. Several channels are interleaved."""

    layout: Layout
    rate_hz: int
    channels: int = 1

    @property
    def frame_bytes(self) -> int:
        """The size of one sample of every channel."""
        return _BYTES[self.layout] * self.channels


class Framer:
    """Cuts bytes as they arrive into whole frames, as mono samples."""

    def __init__(self, form: SampleFormat) -> None:
        self._form = form
        self._held = b""

    def fed(self, data: bytes) -> Pcm:
        """The frames that are complete now. The rest waits for the next call."""
        held = self._held + data
        whole = len(held) - len(held) % self._form.frame_bytes
        self._held = held[whole:]
        return mono(held[:whole], self._form)

    @property
    def left_over_bytes(self) -> int:
        """The bytes of an incomplete frame."""
        return len(self._held)


def mono(data: bytes, form: SampleFormat) -> Pcm:
    """Whole frames as mono samples. Channels are averaged; all layouts but 16 bits become floats, -1 to 1."""
    if form.layout is Layout.S16:
        return Pcm(data if form.channels == 1 else _mixed_s16(data, form.channels), form.rate_hz)
    if form.layout is Layout.F32 and form.channels == 1:
        return Pcm(data, form.rate_hz, SampleEncoding.F32)
    samples = _floats(data, form.layout).reshape(-1, form.channels).mean(axis=1)
    return Pcm(samples.astype("<f4").tobytes(), form.rate_hz, SampleEncoding.F32)


def _mixed_s16(data: bytes, channels: int) -> bytes:
    samples = np.frombuffer(data, "<i2").reshape(-1, channels).mean(axis=1)
    mixed: bytes = np.rint(samples).astype("<i2").tobytes()
    return mixed


def _floats(data: bytes, layout: Layout) -> NDArray[Any]:
    match layout:
        case Layout.U8:
            return (np.frombuffer(data, "u1") - 128.0) / 2.0**7
        case Layout.S24:
            # Each sample as the upper three bytes of a 32-bit number.
            wide = np.zeros((len(data) // 3, 4), "u1")
            wide[:, 1:] = np.frombuffer(data, "u1").reshape(-1, 3)
            return wide.reshape(-1).view("<i4") / 2.0**31
        case Layout.S32:
            return np.frombuffer(data, "<i4") / 2.0**31
        case Layout.F64:
            return np.frombuffer(data, "<f8")
        case _:
            return np.frombuffer(data, "<f4")
