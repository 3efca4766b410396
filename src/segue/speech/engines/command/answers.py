"""What a program that is kept warm writes: lines of JSON, and sound behind those that announce it.

{"ready": true}                              once, when it can take requests
{"bytes": 4800}  and so many bytes           sound, as often as it likes
{"end": true}                                the request is answered
{"error": "no such word", "code": "..."}     it cannot be
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LINE_BYTES = 8 * 1024


class GarbledLine(Exception):  # noqa: N818 - a condition of the other side
    """These bytes are not a response, so it is unknown where the next response begins."""


class ProgramLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line. Exactly one of its fields is set; ``code`` may be set together with ``error``."""

    ready: Literal[True] | None = None
    bytes: Annotated[int, Meta(ge=0)] | None = None
    end: Literal[True] | None = None
    error: str | None = None
    code: str | None = None

    @property
    def meanings(self) -> int:
        """How many of its fields are set."""
        return sum(field is not None for field in (self.ready, self.bytes, self.end, self.error))


_LINE = msgspec.json.Decoder(ProgramLine)


class Answers:
    """Splits the incoming bytes into lines and audio."""

    def __init__(self) -> None:
        self._held = b""
        self._sound_bytes = 0

    def fed(self, data: bytes) -> Iterator[ProgramLine | bytes]:
        """The lines and audio that are complete now. Audio comes in the pieces in which it arrived.

        Raises:
            Garbled: the bytes do not follow the protocol.
        """
        self._held += data
        while self._held:
            if self._sound_bytes:
                yield self._sound()
            elif (line := self._line()) is not None:
                self._sound_bytes = line.bytes or 0
                if line.bytes is None:
                    yield line
            else:
                return

    def _sound(self) -> bytes:
        piece, self._held = self._held[: self._sound_bytes], self._held[self._sound_bytes :]
        self._sound_bytes -= len(piece)
        return piece

    def _line(self) -> ProgramLine | None:
        line, ended, rest = self._held.partition(b"\n")
        if len(line) > _MOST_LINE_BYTES:
            raise GarbledLine(f"a line of more than {_MOST_LINE_BYTES} bytes")
        if not ended:
            return None
        self._held = rest
        try:
            found = _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise GarbledLine("a line that is no answer of the protocol") from None
        if found.meanings != 1:
            raise GarbledLine("a line that must have exactly one of ready, bytes, end and error")
        return found
