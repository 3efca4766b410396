"""Converts the bytes of an utterance into audio, within its limits."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from segue.kernel.errors import BadAudio
from segue.speech.engines.command.failures import TOO_MUCH
from segue.speech.engines.samples import Framer
from segue.speech.engines.wav_reader import WavReader

if TYPE_CHECKING:
    from segue.speech.core.speech import Pcm
    from segue.speech.engines.command.options import CommandOptions
    from segue.speech.engines.samples import SampleFormat

WHAT = "the program"


class SoundReader(Protocol):
    """Converts the bytes of one utterance to samples."""

    def fed(self, data: bytes) -> Pcm | None:
        """Raises BadAudio."""
        ...

    def end(self) -> None:
        """Raises BadAudio if the audio is incomplete."""
        ...


class RawReader:
    """Reads bare samples."""

    def __init__(self, form: SampleFormat) -> None:
        self._framer = Framer(form)
        self._head = b""
        self._has_begun = False

    def fed(self, data: bytes) -> Pcm | None:
        """Raises BadAudio if the bytes are a WAV file instead of bare samples."""
        if not self._has_begun:
            self._head += data
            if len(self._head) < len(b"RIFF"):
                return None
            if self._head.startswith(b"RIFF"):
                raise BadAudio(f"{WHAT} wrote a WAV file where bare samples were expected: set output: wav")
            self._has_begun, data = True, self._head
        return self._framer.fed(data)

    def end(self) -> None:
        """Raises BadAudio if there was no audio, or if it ended within a sample."""
        if not self._has_begun and not self._head:
            raise BadAudio(f"{WHAT} wrote no sound", findings=("empty",))
        if self._framer.left_over_bytes or not self._has_begun:
            raise BadAudio(
                f"{WHAT}'s audio ends in the middle of a sample, or has fewer than 4 bytes: check that it writes "
                "all of its audio, and that its encoding and channels are as declared"
            )


def reader_of(options: CommandOptions) -> SoundReader:
    """A reader for the program's output format, as declared in the options."""
    form = options.raw_format
    return WavReader(WHAT) if form is None else RawReader(form)


class Inbox:
    """Bytes of one utterance that have not been read yet. The limit of the utterance bounds them.

    ``over`` says that no more will come.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._came: deque[bytes] = deque()
        self._bytes = 0
        self._is_over = False
        self._news = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has arrived yet."""
        return not self._bytes

    def heard(self, data: bytes) -> str:
        """Takes in what came, nothing at the end; answers why no more may, if that is so."""
        if not data:
            self.over()
        self._bytes += len(data)
        if self._bytes > self._most_bytes:
            return TOO_MUCH
        if data and not self._is_over:
            self._came.append(data)
        self._news.set()
        return ""

    def over(self) -> None:
        """No more bytes will come."""
        self._is_over = True
        self._news.set()

    def abandon(self) -> None:
        """The bytes will not be read any more."""
        self._came.clear()
        self.over()

    async def next(self) -> bytes:
        """The next bytes; empty at the end."""
        while not self._came and not self._is_over:
            self._news.clear()
            await self._news.wait()
        return self._came.popleft() if self._came else b""


class Measured:
    """The samples of one utterance, up to a number of seconds."""

    def __init__(self, reader: SoundReader, most_s: float) -> None:
        self._reader = reader
        self._most_s = most_s
        self._made_s = 0.0

    def fed(self, data: bytes) -> Pcm | None:
        """The samples in these bytes, if there are any yet.

        Raises:
            BadAudio: the audio is not as declared, or too long.
        """
        piece = self._reader.fed(data)
        if piece is None:
            return None
        self._made_s += piece.duration_s
        if self._made_s > self._most_s:
            raise BadAudio(
                f"{WHAT} made more than {self._most_s:g} s of sound (max_audio_s)", findings=("too_long",)
            )
        return piece

    def end(self) -> None:
        """Raises BadAudio if the audio is incomplete."""
        self._reader.end()
