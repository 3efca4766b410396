"""People are told of everything, in order, each thing at most once, and a rollout never waits for that."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from segue.kernel.errors import Unavailable
from segue.rollout.controller.announcing import Announcer, Archive, NotificationSender
from segue.rollout.controller.ledger import Proposal
from segue.rollout.core.rollout import Phase, Verb
from segue.rollout.core.standing import Standing
from segue.rollout.ports.notice import NoticeKind, Refused
from support.notices import ScriptedTarget
from support.rollout import HOLD_S, ROLLOUT, SLOT_S, Scene


@dataclass(slots=True)
class Town:
    """One rollout, its archive, and senders of as many processes as the test wants."""

    scene: Scene = field(default_factory=Scene)
    outcomes: list[str] = field(default_factory=list)

    def archive(self, token: str = "first") -> Archive:
        scene = self.scene
        return Archive(scene.ledger, ROLLOUT, scene.store.leases, scene.store.notes, scene.clock, token)

    def sender(self, target: ScriptedTarget, token: str = "first") -> NotificationSender:
        return NotificationSender(target, self.archive(token), lambda _, outcome: self.outcomes.append(outcome))

    async def happens(self, *verbs: Verb) -> None:
        for verb in verbs:
            await self.scene.ledger.change(Proposal("ann", verb, "because"), lambda state: state)

    async def standing(self) -> Standing:
        snapshot = await self.scene.ledger.latest()
        return Standing(snapshot.revision, Phase.RUNNING, self.scene.clock.now_s())

    async def tells(self, sender: NotificationSender) -> None:
        sender.look(await self.standing())
        await sender.deliver()


@pytest.fixture
async def town() -> Town:
    town = Town()
    await town.happens(Verb.BOOT)
    return town


async def test_a_new_target_hears_what_happens_from_now_on(town: Town) -> None:
    target = ScriptedTarget()
    sender = town.sender(target)
    await town.tells(sender)
    await town.happens(Verb.START, Verb.ROLL_BACK)
    await town.tells(sender)
    await town.tells(sender)

    assert target.ids == ["test/2", "test/3"]
    assert town.outcomes == ["sent", "sent"]
    assert [notice.kind for notice in target.sent] == [NoticeKind.TRANSITION] * 2
    assert target.sent[1].title == "Rollout test: roll back by ann; now manual, share 0 %"
    assert (target.sent[1].actor, target.sent[1].why) == ("ann", "because")


async def test_a_wanted_approval_is_told_as_one(town: Town) -> None:
    target = ScriptedTarget()
    sender = town.sender(target)
    await town.tells(sender)
    await town.happens(Verb.ASK_APPROVAL)
    await town.tells(sender)

    assert [notice.kind for notice in target.sent] == [NoticeKind.APPROVAL_WANTED]


async def test_whoever_takes_over_goes_on_where_the_one_before_stopped(town: Town) -> None:
    target = ScriptedTarget()
    first, second = town.sender(target), town.sender(target, "second")
    await town.tells(first)
    await town.happens(Verb.START)
    await town.tells(first)
    first.look(None)
    await town.happens(Verb.PAUSE)
    await town.tells(second)
    second.look(None)
    await town.happens(Verb.RESUME)
    await town.tells(first)

    assert target.ids == ["test/2", "test/3", "test/4"]


async def test_of_two_who_both_think_they_may_one_tells(town: Town) -> None:
    target = ScriptedTarget()
    senders = [town.sender(target, f"process {number}") for number in range(5)]
    for sender in senders:
        await town.tells(sender)
    await town.happens(*[Verb.PAUSE] * 10)
    await asyncio.gather(*(town.tells(sender) for sender in senders))

    assert sorted(target.ids) == sorted({f"test/{revision}" for revision in range(2, 12)})


async def test_what_a_process_was_telling_when_it_died_is_not_told_again(town: Town) -> None:
    target = ScriptedTarget(stuck=True)
    dying = town.sender(target)
    await town.tells(dying)
    await town.happens(Verb.START)
    death = asyncio.create_task(town.tells(dying))
    await target.asked.wait()
    death.cancel()
    await asyncio.gather(death, return_exceptions=True)
    target.stuck = False
    await town.happens(Verb.PAUSE)
    await town.tells(town.sender(target, "second"))

    assert target.ids == ["test/2", "test/3"]


async def test_targets_have_positions_of_their_own(town: Town) -> None:
    one, other = ScriptedTarget("webhook-one"), ScriptedTarget("webhook-other")
    first = town.sender(one)
    await town.tells(first)
    await town.happens(Verb.START)
    await town.tells(town.sender(other))
    await town.happens(Verb.PAUSE)
    await town.tells(first)
    await town.tells(town.sender(other, "second"))

    assert (one.ids, other.ids) == (["test/2", "test/3"], ["test/3"])


@pytest.mark.parametrize(
    ("error", "outcome"), [(Refused("it answered 400"), "refused"), (Unavailable("gone"), "given_up")]
)
async def test_what_cannot_be_told_is_counted_and_the_next_is_told(
    town: Town, error: Exception, outcome: str
) -> None:
    target = ScriptedTarget()
    sender = town.sender(target)
    await town.tells(sender)
    target.error = error
    await town.happens(Verb.START, Verb.PAUSE)
    await town.tells(sender)

    assert target.ids == ["test/2", "test/3"]
    assert town.outcomes == [outcome, "sent"]


async def test_an_alert_is_told_once_while_the_revision_is_the_same(town: Town) -> None:
    target = ScriptedTarget()
    sender, successor = town.sender(target), town.sender(target, "second")
    standing = replace(await town.standing(), stuck=True, trouble="Prometheus does not respond")
    for one in (sender, sender, successor):
        one.look(standing)
        await one.deliver()

    assert target.ids == ["test/1/stuck", "test/1/metrics_unreadable"]
    assert {notice.kind for notice in target.sent} == {NoticeKind.ALERT}
    assert target.sent[1].why == "Prometheus does not respond"


async def test_who_no_longer_acts_tells_nothing(town: Town) -> None:
    target = ScriptedTarget()
    sender = town.sender(target)
    await town.tells(sender)
    await town.happens(Verb.START)
    sender.look(None)
    await sender.deliver()

    assert target.sent == []


async def test_a_rollout_goes_on_while_a_target_hangs() -> None:
    """The real controller, with a target that never answers and one that does."""
    town, hanging, other = Town(), ScriptedTarget("webhook-hangs", stuck=True), ScriptedTarget("webhook-well")
    scene = town.scene
    announcer = Announcer([hanging, other], town.archive(), lambda _, __: None, last_words_s=0.01)
    controller = scene.another("first", 10.0, announcer)
    announcer.start()
    await controller.tick()
    await asyncio.sleep(0.01)
    await scene.start()
    for _ in range(round((3 * HOLD_S + 10 * SLOT_S) / 30)):
        await scene.passes(30, controller)
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    await announcer.close()

    assert await scene.kinds() == ["start", "advance", "advance", "finish"]
    assert [notice.event for notice in other.sent] == await scene.kinds()
    assert len(hanging.sent) == 1


async def test_rollbacks_say_what_triggered_them() -> None:
    scene, target = Scene(), ScriptedTarget()
    town = Town(scene)
    sender = town.sender(target)
    await town.tells(sender)
    await scene.start()
    await scene.passes(HOLD_S + SLOT_S)
    scene.signals.error_rate = 0.5
    await scene.passes(3 * SLOT_S)
    await town.tells(sender)

    last = target.sent[-1]
    assert (last.event, last.trigger, last.phase, last.share_percent) == ("roll_back", "P0", "rolled_back", 0.0)
    assert last.title == "Rollout test: roll back (P0) by judge; now rolled_back, share 0 %"
