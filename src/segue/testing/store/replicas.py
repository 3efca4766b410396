"""The contract suite for replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.ports.store import Replica

if TYPE_CHECKING:
    from segue.rollout.ports.store import Store


class ReplicasContract:
    """Subclass it with a fixture ``store``, started and empty."""

    async def test_at_first_there_are_none(self, store: Store) -> None:
        assert list(await store.replicas.alive("rollout/test", 0.0)) == []
        assert list(await store.replicas.taken("rollout/test", 1)) == []

    async def test_the_latest_reports_are_listed_by_name(self, store: Store) -> None:
        second, first = Replica("two", 1, 10.0, 10.5), Replica("one", 1, 10.1, 10.1)
        for replica in (second, first):
            await store.replicas.report("rollout/test", replica)
        assert list(await store.replicas.alive("rollout/test", 10.0)) == [first, second]

    async def test_names_are_sorted_by_code_point(self, store: Store) -> None:
        for name in ("b", "語", "A", "a-2", "a 1", "B"):
            await store.replicas.report("rollout/test", Replica(name, 1, 0.0, 0.0))
        found = [replica.name for replica in await store.replicas.alive("rollout/test", 0.0)]
        assert found == ["A", "B", "a 1", "a-2", "b", "語"]

    async def test_who_was_not_heard_of_since_is_not_alive(self, store: Store) -> None:
        await store.replicas.report("rollout/test", Replica("silent", 1, 10.0, 10.0))
        await store.replicas.report("rollout/test", Replica("living", 1, 10.0, 20.0))
        assert [replica.name for replica in await store.replicas.alive("rollout/test", 20.0)] == ["living"]

    async def test_the_first_report_of_a_revision_stays_beside_the_latest(self, store: Store) -> None:
        reports = [Replica("one", 1, 10.0, 10.0), Replica("one", 1, 10.0, 11.0), Replica("one", 2, 12.5, 13.0)]
        for report in reports:
            await store.replicas.report("rollout/test", report)
        assert list(await store.replicas.taken("rollout/test", 1)) == [reports[0]]
        assert list(await store.replicas.taken("rollout/test", 2)) == [reports[2]]
        assert list(await store.replicas.alive("rollout/test", 0.0)) == [reports[2]]

    async def test_who_left_is_not_alive_and_what_it_took_stays_known(self, store: Store) -> None:
        replica = Replica("one", 1, 10.0, 10.0)
        await store.replicas.report("rollout/test", replica)
        await store.replicas.leave("rollout/test", "one")
        await store.replicas.leave("rollout/test", "never seen")
        assert list(await store.replicas.alive("rollout/test", 0.0)) == []
        assert list(await store.replicas.taken("rollout/test", 1)) == [replica]

    async def test_streams_have_replicas_of_their_own(self, store: Store) -> None:
        replica = Replica("名" * 256, 7, 1.25, 2.5)
        await store.replicas.report("流" * 256, replica)
        assert list(await store.replicas.alive("流" * 256, 0.0)) == [replica]
        assert list(await store.replicas.alive("other", 0.0)) == []
        assert list(await store.replicas.taken("other", 7)) == []
