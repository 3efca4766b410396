"""The service's requests to an engine's fork server: one request, one reply, over a stream socket.

No listener's text is sent here, so both sides trust each other's pickles.
"""

from __future__ import annotations

import pickle
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from segue.speech.engines.shelter.wire import exactly

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTH = struct.Struct("!I")


class EngineSource(NamedTuple):
    """How to create the engine. ``factory`` is ``module:name``, as in an entry point."""

    factory: str
    options: Mapping[str, object]


class EngineIdentity(NamedTuple):
    """What is known about an engine as soon as it is created. See ``ThreadedEngine`` for the last two fields."""

    name: str
    version: str
    stops_within_s: float
    real_time_factor: float = 0.0


class DescribeVoice(NamedTuple):
    """The reply is the Voice with this name."""

    name: str


class ListVoices(NamedTuple):
    """The reply is all Voices that the engine lists."""


class Fork(NamedTuple):
    """The reply is the id of a new process that uses the socket sent with the request."""

    niceness: int


class End(NamedTuple):
    """The reply is how the process with this id ended, as ``returncode`` of ``subprocess``; None if it does not
    end.

    It is killed if it still runs.
    """

    pid: int


Request: TypeAlias = EngineSource | DescribeVoice | ListVoices | Fork | End


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """The request failed with ``error``."""

    error: Exception


def asked(channel: socket.socket, request: Request, passed: socket.socket | None = None) -> Any:
    """The reply, within the socket's own time limit. ``passed`` is sent with the request.

    Raises:
        OSError: the other side has ended (ConnectionError), or is too slow (TimeoutError).
        Exception: an exception from the other side.
    """
    message = _packed(request)
    if passed is None:
        channel.sendall(message)
    else:
        sent = socket.send_fds(channel, [message], [passed.fileno()])
        channel.sendall(message[sent:])
    reply = _unpacked(channel, exactly(channel, _LENGTH.size))
    if isinstance(reply, RequestFailed):
        raise reply.error
    return reply


def listened(channel: socket.socket) -> tuple[Request, socket.socket | None] | None:
    """The next request, with the socket that was sent with it; None if there will be no more."""
    head, descriptors, _, _ = socket.recv_fds(channel, _LENGTH.size, 1)
    passed = socket.socket(fileno=descriptors[0]) if descriptors else None
    try:
        if not head:
            return None
        rest = exactly(channel, _LENGTH.size - len(head))
        return _unpacked(channel, None if rest is None else head + rest), passed
    except ConnectionError:
        return None


def answer(channel: socket.socket, reply: object) -> None:
    channel.sendall(_packed(reply))


def _packed(message: object) -> bytes:
    body = pickle.dumps(message)
    return _LENGTH.pack(len(body)) + body


def _unpacked(channel: socket.socket, head: bytes | None) -> Any:
    body = None if head is None else exactly(channel, _LENGTH.unpack(head)[0])
    if body is None:
        raise ConnectionResetError("the other process has ended")
    return pickle.loads(body)  # noqa: S301 - both sides are ours, and read no text  # nosec B301
