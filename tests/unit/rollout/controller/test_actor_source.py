"""What was claimed is shown as claimed, and histories of earlier versions stay readable."""

from __future__ import annotations

import msgspec
import pytest

from segue.rollout.controller.ledger import HistoryEntry, entry_of
from segue.rollout.controller.notices import notice_of
from segue.rollout.core.rollout import RolloutState
from segue.rollout.ports.store import ActorSource, Event, shown


def event(source: str | None) -> Event:
    """An entry of the history; None: as an earlier version wrote it."""
    data = msgspec.to_builtins(HistoryEntry("a try", RolloutState(), RolloutState(), actor_source=source or ""))
    if source is None:
        del data["actor_source"]
    return Event("rollout/test", 1, 0.0, "ann", "pause", msgspec.json.encode(data).decode())


@pytest.mark.parametrize(
    ("source", "who"),
    [(ActorSource.CLAIMED, "ann (claimed)"), (ActorSource.KEY, "ann"), (ActorSource.TOKEN, "ann"), (None, "ann")],
)
def test_only_a_claimed_name_has_a_mark(source: ActorSource | None, who: str) -> None:
    entry = entry_of(event(source))
    assert entry.actor_source == (source or "")
    assert shown("ann", entry.actor_source) == who
    notice = notice_of(event(source), "test")
    assert f" by {who};" in notice.title
    assert (notice.actor, notice.actor_source) == ("ann", source or "")
