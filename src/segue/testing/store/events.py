"""The contract suite for event logs."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from segue.rollout.ports.store import Conflict, Event, Gap, Note, Replica, Row

if TYPE_CHECKING:
    from segue.rollout.ports.store import Store


def an_event(revision: int, stream: str = "rollout/test", actor: str = "ann") -> Event:
    return Event(stream, revision, 1_000_000.0 + revision, actor, "routing_set", '{"text": "語音"}')


class EventLogContract:
    """Subclass it with a fixture ``store``, started and empty."""

    async def test_a_new_stream_is_empty(self, store: Store) -> None:
        assert await store.events.latest("rollout/none") is None
        assert list(await store.events.read("rollout/none")) == []

    async def test_events_are_read_in_order_as_written(self, store: Store) -> None:
        events = [an_event(revision) for revision in (1, 2, 3)]
        for event in events:
            await store.events.append(event)
        assert list(await store.events.read("rollout/test")) == events
        assert list(await store.events.read("rollout/test", after=1, limit=1)) == [events[1]]
        assert await store.events.latest("rollout/test") == events[2]

    async def test_streams_are_apart(self, store: Store) -> None:
        await store.events.append(an_event(1, "rollout/a"))
        await store.events.append(an_event(1, "rollout/b"))
        assert len(await store.events.read("rollout/a")) == 1

    async def test_a_revision_is_written_once_and_the_loser_learns_by_whom(self, store: Store) -> None:
        await store.events.append(an_event(1, actor="ann"))
        with pytest.raises(Conflict) as caught:
            await store.events.append(an_event(1, actor="bob"))
        assert caught.value.winner == an_event(1, actor="ann")
        assert str(caught.value).startswith("rollout/test has changed: its revision 1 is 'routing_set' by ann")

    async def test_the_loser_sees_the_winner_even_when_more_has_happened_since(self, store: Store) -> None:
        for revision in (1, 2, 3):
            await store.events.append(an_event(revision, actor=f"writer-{revision}"))
        with pytest.raises(Conflict) as caught:
            await store.events.append(an_event(2, actor="late"))
        assert caught.value.winner == an_event(2, actor="writer-2")

    @pytest.mark.parametrize("revision", [0, 3, 9])
    async def test_a_revision_that_does_not_follow_the_latest_is_refused(
        self, store: Store, revision: int
    ) -> None:
        await store.events.append(an_event(1))
        with pytest.raises(Conflict, match="check the current status") as caught:
            await store.events.append(an_event(revision))
        assert caught.value.winner == an_event(1)
        assert len(await store.events.read("rollout/test")) == 1

    async def test_a_gap_before_all_history_names_nobody(self, store: Store) -> None:
        with pytest.raises(Gap, match="revision 2 of rollout/test cannot follow revision 0") as caught:
            await store.events.append(an_event(2))
        assert (caught.value.winner.revision, caught.value.winner.actor) == (0, "nobody")

    async def test_of_eight_writers_one_wins(self, store: Store) -> None:
        writers = [store.events.append(an_event(1, actor=f"writer-{number}")) for number in range(8)]
        results = await asyncio.gather(*writers, return_exceptions=True)
        winners = [number for number, result in enumerate(results) if result is None]
        losers = [result for result in results if isinstance(result, Conflict)]
        assert len(winners) == 1
        assert len(losers) == 7
        assert {loser.winner.actor for loser in losers} == {f"writer-{winners[0]}"}

    async def test_long_names_and_texts_of_any_script_come_back_as_they_were(self, store: Store) -> None:
        event = Event("流" * 256, 1, 0.25, "操作員 𠮷🎙", "種類", '"' + "說" * 100_000 + '"')
        await store.events.append(event)
        assert await store.events.latest(event.stream) == event

    async def test_what_databases_refuse_is_kept_as_its_picture(self, store: Store) -> None:
        await store.events.append(Event("a\0b", 1, 0.0, "half \ud83d", "kind\0", "\0"))
        expected = Event("a\u2400b", 1, 0.0, "half \ufffd", "kind\u2400", "\u2400")
        assert await store.events.latest("a\0b") == expected

    async def test_a_change_is_noticed_within_a_second(self, store: Store) -> None:
        async with aclosing(store.events.changes()) as changes:
            await anext(changes)
            waiting = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0.05)
            await store.events.append(an_event(1))
            await asyncio.wait_for(waiting, 1.0)

    async def test_what_is_written_beside_the_events_is_no_change(self, store: Store) -> None:
        async with aclosing(store.events.changes()) as changes:
            await anext(changes)
            waiting = asyncio.ensure_future(anext(changes))
            await store.leases.take("judge", "one", 0.0, 1.0)
            await store.replicas.report("rollout/test", Replica("one", 1, 0.0, 0.0))
            await store.rows.add(Row("samples", 0.0, "one", b"1"))
            await store.notes.put("look", Note(0.0, "{}"))
            done, _ = await asyncio.wait([waiting], timeout=0.3)
            assert not done
            await store.events.append(an_event(1))
            await asyncio.wait_for(waiting, 1.0)
