"""Cuts audio into slices: small ones first, so that the first audio is sent early, then larger ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.speech.audio.pcm import Samples

_FIRST_SLICES_S = (0.1, 0.2, 0.4)
"""Encoding takes time, so the first audio is sent in small slices."""

_SLICE_S = 1.0


class Slice(NamedTuple):
    """Some samples. ``is_first``: the first slice that the slicer has cut."""

    samples: Samples
    is_first: bool


class Slicer:
    """Cuts the audio of one stream. The sizes continue from one call of ``cut`` to the next."""

    def __init__(self) -> None:
        self._sizes_s = iter(_FIRST_SLICES_S)
        self._is_first = True

    def cut(self, samples: Samples, rate_hz: int) -> Iterator[Slice]:
        """All of the samples, in order. A slice is empty only if there are no samples."""
        start = 0
        while start < samples.size:
            size = max(1, int(next(self._sizes_s, _SLICE_S) * rate_hz))
            is_first, self._is_first = self._is_first, False
            yield Slice(samples[start : start + size], is_first)
            start += size
