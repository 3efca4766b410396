"""Keys for tests: a register over any history."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.access.follower import KeyFollower
from segue.access.known import DAY_S, KnownKeys
from segue.access.register import KeyRegister
from segue.system.clock import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock
    from segue.rollout.ports.store import EventLog


class Keeping(NamedTuple):
    """The keys of one process."""

    known: KnownKeys
    follower: KeyFollower
    register: KeyRegister


def keeping(log: EventLog, clock: Clock | None = None, lasts_s: float = DAY_S) -> Keeping:
    clock = clock or SystemClock()
    known = KnownKeys(clock, lasts_s)
    follower = KeyFollower(log, known)
    return Keeping(known, follower, KeyRegister(log, follower, clock, SystemEntropy()))
