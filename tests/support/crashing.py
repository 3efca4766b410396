"""An engine of native habits: it crashes, hangs, floods and garbles as its text says. To be sheltered."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from segue.kernel.errors import BadAudio, InvalidRequest, QuotaExhausted, Unavailable, Unsupported
from segue.speech.core.catalogue import Capabilities, Voice
from segue.speech.core.speech import Pcm
from segue.speech.engines.base import ThreadedEngine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segue.speech.core.speech import Utterance

RATE_HZ = 8000
BEAT = Pcm(b"\x01\x02" * 800, RATE_HZ)
"""A tenth of a second."""


class Crashing(ThreadedEngine):
    """Says a beat for each word, unless the word is an order. ``loads``: what becomes of loading."""

    stops_within_s = 0.5

    def __init__(self, *, loads: str = "well") -> None:
        super().__init__(threads=1)
        self.name = "crashing"
        self.version = "1"
        self._loads = loads

    def voices(self) -> Sequence[Voice]:
        return [self.voice("en")]

    def voice(self, name: str) -> Voice:
        if name != "en":
            raise Unsupported(f"no voice {name!r}")
        return Voice(name, self.name, "beats", "en", ("Latn",), "Beats", Capabilities(streaming=True))

    def _load(self) -> None:
        if self._loads == "crash":
            os.kill(os.getpid(), signal.SIGABRT)
        if self._loads == "fail":
            raise Unavailable("no model at /x; install it")

    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        for word in utterance.text.split():
            _obey(word, emit)
            if not emit(BEAT):
                return


def _obey(word: str, emit: Callable[[Pcm], bool]) -> None:
    if word in _FAILURES:
        raise _FAILURES[word]
    if word in _ACTS:
        _ACTS[word]()
    if word in _COUNTS:
        emit(Pcm(bytes(2 * _COUNTS[word]()), RATE_HZ))
    if word == "flood":
        for _ in range(300):
            emit(Pcm(bytes(100_000), RATE_HZ))


def _spin() -> None:
    while True:
        pass


def _write_over_every_socket() -> None:
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if str(entry.readlink()).startswith("socket:"):
                os.write(int(entry.name), b"\xff" * 64)


_FAILURES = {
    "invalid": InvalidRequest("not this text", field="text"),
    "quota": QuotaExhausted("spent", retry_after_s=7.5),
    "bad": BadAudio("bad", findings=("silent",)),
    "raise": RuntimeError("could not say 'my secret'"),
}
_ACTS: dict[str, Callable[[], object]] = {
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(3),
    "hang": lambda: time.sleep(600),
    "spin": _spin,
    "nap": lambda: time.sleep(0.2),
    "garble": _write_over_every_socket,
}
_COUNTS: dict[str, Callable[[], int]] = {
    "nice": lambda: 100 + os.getpriority(os.PRIO_PROCESS, 0),
    "pid": os.getpid,
    "files": lambda: sum(1 for _ in Path("/proc/self/fd").iterdir()),
    "secrets": lambda: sum(name.startswith(("SEGUE_", "CHIRP3_")) for name in os.environ),
}


def create(options: Mapping[str, object]) -> Crashing:
    """Options: ``loads``; ``refuses``, to be made at all; ``threads``, to start one when it is made."""
    if options.get("refuses"):
        raise ValueError("unknown options refuses; known: loads")
    if options.get("threads"):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return Crashing(loads=str(options.get("loads", "well")))
