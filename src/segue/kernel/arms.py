"""The two arms of a rollout, and the identity that is assigned to one of them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Arm(StrEnum):
    """The two arms of a rollout."""

    BASELINE = "baseline"
    CANDIDATE = "candidate"

    @property
    def other(self) -> Arm:
        return Arm.CANDIDATE if self is Arm.BASELINE else Arm.BASELINE


class UnitSource(StrEnum):
    """Where the identity of a request's unit comes from."""

    USER = "user"
    END_USER = "end_user"
    SESSION = "session"
    COOKIE = "cookie"
    KEY = "key"
    RANDOM = "random"


class Unit(NamedTuple):
    """The identity that an assignment belongs to.

    ``identity`` never leaves the process in clear text. ``address`` is the address that the request came from; it
    is used only for fair queueing, and is empty if it is not known.
    """

    identity: str
    source: UnitSource
    address: str = ""
