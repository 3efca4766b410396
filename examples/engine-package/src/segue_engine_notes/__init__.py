"""An engine that plays each letter as a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.ports.engine import Capabilities, Pcm, Range, ThreadedEngine, Unsupported, Voice, option, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segue.ports.engine import Utterance

RATE_HZ = 22_050
LOWEST_HZ = {"cello": 110.0, "flute": 440.0}
CAPABILITIES = Capabilities(rate_ratio=Range(0.5, 2.0), streaming=True)


class NotesEngine(ThreadedEngine):
    """Implements ``segue.ports.engine.Engine``: ``note_s`` seconds for each letter."""

    def __init__(self, note_s: float) -> None:
        super().__init__(threads=2)
        self.name = "notes"
        self.version = f"1-{note_s:g}"  # changes whenever the same text sounds different
        self._note_s = note_s

    def voices(self) -> Sequence[Voice]:
        return [self.voice(name) for name in LOWEST_HZ]

    def voice(self, name: str) -> Voice:
        if name not in LOWEST_HZ:
            raise Unsupported(f"no voice {name[:64]!r}; the voices are {', '.join(LOWEST_HZ)}")
        return Voice(name, self.name, "notes", "en-US", ("Latn",), name.title(), CAPABILITIES)

    def _load(self) -> None:
        """Loads nothing. An engine with a model loads it here, in a thread."""

    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        lowest_hz = LOWEST_HZ[self.voice(utterance.voice).name]
        for letter in utterance.text:
            note = _note(letter, lowest_hz, self._note_s / utterance.rate_ratio)
            if not emit(Pcm(note, RATE_HZ)):
                return  # the listener has left


def _note(letter: str, lowest_hz: float, length_s: float) -> bytes:
    """16-bit samples; silence for blanks and marks."""
    at_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    hz = lowest_hz * 2 ** (ord(letter.lower()) % 24 / 12)
    swell = np.sin(np.pi * at_s / length_s) if letter.isalnum() else 0 * at_s
    note: bytes = (9000 * swell * np.sin(2 * np.pi * hz * at_s)).astype("<i2").tobytes()
    return note


def create(options: Mapping[str, object]) -> NotesEngine:
    """The entry point; ``options`` are those of ``engines.notes`` in the catalogue."""
    refuse_unknown(options, {"note_s"})
    return NotesEngine(option(options, "note_s", 0.07))
