"""Keeps a copy of the keys on this machine, for a process that is started while the store is out of reach."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from segue.access.copy_file import CopyUnusable, KeyCopy

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.access.copy_file import CopyFile
    from segue.access.state import KeyState
    from segue.kernel.ports.clock import Clock

_AGAIN_AFTER_S = 60.0
"""Unchanged keys are written again after this time, because a copy is valid from its last confirmation on."""

_CLOCKS_DIFFER_S = 60.0


class DiskRunner(Protocol):
    """Runs blocking work elsewhere, and waits for it for a limited time."""

    async def run(self, work: Callable[..., Any], *args: Any) -> Any:
        """Raises OSError if the disk fails or does not respond."""
        ...


class KeyCopies:
    """Writes and reads the copy. No method raises: what fails is logged.

    ``store`` identifies the store, so that the keys of one are not used for another. ``lasts_s``: how long a copy
    is valid after the store confirmed it.
    """

    def __init__(self, file: CopyFile, disk: DiskRunner, clock: Clock, store: str, lasts_s: float) -> None:
        self._file = file
        self._disk = disk
        self._clock = clock
        self._store = store
        self._lasts_s = lasts_s
        self._again_after_s = min(_AGAIN_AFTER_S, lasts_s / 4)
        self._written: tuple[KeyState, float] | None = None
        self._told = ""
        self._log = structlog.get_logger("segue.access")

    def now_s(self) -> float:
        """The time of day, in Unix seconds."""
        return self._clock.now_s()

    async def save(self, state: KeyState, confirmed_at_s: float) -> None:
        """Writes the keys, if they have changed or were written a while ago.

        ``confirmed_at_s``: when reading them from the store began.
        """
        if self._written is not None:
            written, at_s = self._written
            if written is state and self._clock.monotonic_s() - at_s < self._again_after_s:
                return
        copy = KeyCopy(
            store=self._store,
            revision=state.revision,
            confirmed_at_s=confirmed_at_s,
            written_at_s=self.now_s(),
            keys=tuple(state.keys.values()),
        )
        try:
            await self._disk.run(self._file.write, copy)
        except OSError as error:
            self._written = None
            self._tell(
                "keys_not_copied", error.strerror or str(error), "keys are unknown after a restart meanwhile"
            )
        else:
            self._written = state, self._clock.monotonic_s()
            self._told = ""

    async def load(self) -> KeyCopy | None:
        """The copy, if it may be used."""
        try:
            copy: KeyCopy | None = await self._disk.run(self._file.read)
            if copy is not None:
                self._check(copy)
        except (CopyUnusable, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            self._tell("keys_copy_unusable", why or str(error), "no key is valid until the store is back")
            return None
        if copy is not None:
            self._tell_used(copy)
        return copy

    def _check(self, copy: KeyCopy) -> None:
        age_s = self.now_s() - copy.confirmed_at_s
        if copy.store != self._store:
            raise CopyUnusable("it was written for a store at another address (scheme, host, port or path)")
        if age_s > self._lasts_s:
            raise CopyUnusable(
                f"it is of {moment(copy.confirmed_at_s)}, which is longer ago than SEGUE_AUTH_STALE_S"
            )
        if age_s < -_CLOCKS_DIFFER_S:
            raise CopyUnusable(f"it is of {moment(copy.confirmed_at_s)}, which is in the future; check the clock")

    def _tell_used(self, copy: KeyCopy) -> None:
        told = f"{copy.revision}"
        if told != self._told:
            self._told = told
            self._log.warning(
                "keys_from_copy",
                since=moment(copy.confirmed_at_s),
                revision=copy.revision,
                keys=len(copy.keys),
                effect="the store is out of reach; keys are valid here as they were then",
            )

    def _tell(self, event: str, why: str, effect: str) -> None:
        """Logs it, once as long as nothing else happens."""
        if why != self._told:
            self._told = why
            self._log.warning(event, file=str(self._file.path), error=why, effect=effect)


def moment(at_s: float) -> str:
    """A time of day in UTC, as ISO 8601."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
