"""The messages between the service and a sheltered engine's processes, in frames over stream sockets.

Requests go to our own code and are pickled. Replies from a process that has read a listener's text are not,
because native code may have corrupted its memory. They are audio as bare samples, and errors as JSON.
"""

from __future__ import annotations

import json
import pickle
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.kernel import errors
from segue.speech.core.speech import Pcm, SampleEncoding

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from segue.speech.core.speech import Utterance

MOST_FRAME_BYTES = 64 * 1024 * 1024
"""No frame is longer. A sentence of Piper's is about 2 MB; an engine that answers in one piece sends more."""

_HEAD = struct.Struct("!BI")
_SOUND = struct.Struct("!IB")
_ENCODINGS = tuple(SampleEncoding)


class FrameKind(IntEnum):
    """The kind of a frame. SPEAK and STOP are sent to a process; all others come from it."""

    SPEAK = 1
    STOP = 2
    READY = 3
    SOUND = 4
    END = 5
    FAILED = 6


class Frame(NamedTuple):
    """One frame."""

    kind: FrameKind
    body: bytes


_KINDS = frozenset(int(kind) for kind in FrameKind)


class ProcessOrder(NamedTuple):
    """What to say. ``whole``: nothing is heard before everything is ready, so audio may be held back."""

    utterance: Utterance
    whole: bool


class GarbledFrame(Exception):  # noqa: N818 - a condition of the stream
    """The bytes are not valid frames, so the memory of the process that wrote them may be corrupted."""


_RAISED = {
    kind.__name__: kind
    for kind in (
        errors.InvalidRequest,
        errors.Unsupported,
        errors.SentenceTooLong,
        errors.QuotaExhausted,
        errors.Unavailable,
        errors.DeadlineExceeded,
        errors.BadAudio,
        errors.InternalFailure,
    )
}
"""Errors that an engine may raise, by name; any other arrives as InternalFailure."""


def packed(kind: FrameKind, body: bytes = b"") -> bytes:
    return _HEAD.pack(kind, len(body)) + body


def packed_order(order: ProcessOrder) -> bytes:
    return packed(FrameKind.SPEAK, pickle.dumps(tuple(order)))


def order_of(body: bytes) -> ProcessOrder:
    """The order in a frame that the service wrote."""
    return ProcessOrder(*pickle.loads(body))  # noqa: S301 - read by the engine's process, never by the service  # nosec B301


def packed_sound(pcm: Pcm) -> bytes:
    return packed(FrameKind.SOUND, _SOUND.pack(pcm.rate_hz, _ENCODINGS.index(pcm.encoding)) + pcm.data)


def sound_of(body: bytes) -> Pcm:
    """Raises Garbled if it is not valid."""
    try:
        rate_hz, encoding = _SOUND.unpack_from(body)
        return Pcm(body[_SOUND.size :], rate_hz, _ENCODINGS[encoding])
    except (struct.error, IndexError, ValueError) as error:
        raise GarbledFrame(f"an audio frame that cannot be read: {error}") from error


def packed_failure(failure: errors.SegueError) -> bytes:
    told: dict[str, Any] = {"kind": type(failure).__name__, "says": str(failure), "wait_s": failure.retry_after_s}
    if isinstance(failure, errors.InvalidRequest):
        told["field"] = failure.field
    if isinstance(failure, errors.BadAudio):
        told["findings"] = failure.findings
    return packed(FrameKind.FAILED, json.dumps(told).encode())


def failure_of(body: bytes) -> errors.SegueError:
    """Raises Garbled if it is not valid."""
    try:
        told = json.loads(body)
        kind = _RAISED.get(told["kind"], errors.InternalFailure)
        message = str(told["says"])
        if kind is errors.InvalidRequest:
            failure: errors.SegueError = errors.InvalidRequest(message, field=told.get("field"))
        elif kind is errors.BadAudio:
            failure = errors.BadAudio(message, findings=[str(one) for one in told.get("findings", ())])
        else:
            failure = kind(message)
        failure.retry_after_s = None if told["wait_s"] is None else float(told["wait_s"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbledFrame(f"not a description of a failure: {error}") from error
    return failure


class Frames:
    """Converts incoming bytes to frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def fed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete.

        Raises:
            Garbled: there is no such frame.
        """
        self._bytes += data
        begin = 0
        while len(self._bytes) - begin >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._bytes, begin)
            if length > MOST_FRAME_BYTES or kind not in _KINDS:
                raise GarbledFrame(f"a frame of kind {kind} and {length} bytes")
            end = begin + _HEAD.size + length
            if len(self._bytes) < end:
                break
            yield Frame(FrameKind(kind), bytes(memoryview(self._bytes)[begin + _HEAD.size : end]))
            begin = end
        del self._bytes[:begin]


def received(channel: socket.socket) -> Frame | None:
    """The next frame; None if the other side has ended. For a blocking socket."""
    head = exactly(channel, _HEAD.size)
    if head is None:
        return None
    kind, length = _HEAD.unpack(head)
    body = exactly(channel, length)
    return None if body is None else Frame(FrameKind(kind), body)


def exactly(channel: socket.socket, count: int) -> bytes | None:
    """This number of bytes; None if the other side ends before that."""
    pieces = []
    while count > 0:
        piece = channel.recv(min(count, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
