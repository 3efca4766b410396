"""The history and the judge's alerts, as people are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.controller.ledger import entry_of
from segue.core.rollout import Verb
from segue.core.units import percent_from_ppm
from segue.ports.notice import Notice, NoticeKind

if TYPE_CHECKING:
    from segue.controller.ledger import Entry
    from segue.core.standing import Standing
    from segue.ports.store import Event


def notice_of(event: Event, rollout_id: str) -> Notice:
    """An entry of the history."""
    entry = entry_of(event)
    asks = event.kind == Verb.ASK_APPROVAL
    after = entry.after
    return Notice(
        id=f"{rollout_id}/{event.revision}",
        kind=NoticeKind.APPROVAL_WANTED if asks else NoticeKind.TRANSITION,
        rollout_id=rollout_id,
        revision=event.revision,
        event=event.kind,
        at_s=event.at_s,
        title=_title(rollout_id, event, entry),
        why=entry.why,
        actor=event.actor,
        trigger=entry.trigger,
        character=entry.character,
        phase=after.phase,
        stage=after.place.stage,
        share_percent=_share_percent(entry),
    )


def alerts_of(standing: Standing, rollout_id: str) -> list[Notice]:
    """What is wrong at this look and needs a person; the same while the revision is."""
    conditions = (
        ("stuck", standing.stuck, "a step should have ended long ago"),
        ("hold_over", standing.hold_over, "a step has been held as long as it should and does not end"),
        ("metrics_unreadable", bool(standing.trouble), "the judge cannot read its source of metrics, and holds"),
    )
    return [
        Notice(
            id=f"{rollout_id}/{standing.revision}/{name}",
            kind=NoticeKind.ALERT,
            rollout_id=rollout_id,
            revision=standing.revision,
            event=name,
            at_s=standing.looked_at_s,
            title=f"Rollout {rollout_id}: {sentence}",
            why=standing.trouble if name == "metrics_unreadable" else "",
            phase=standing.phase,
            stage=standing.stage,
        )
        for name, holds, sentence in conditions
        if holds
    ]


def _title(rollout_id: str, event: Event, entry: Entry) -> str:
    if event.kind == Verb.ASK_APPROVAL:
        return f"Rollout {rollout_id}: a person must approve the next stage"
    what = event.kind.replace("_", " ")
    whom = f" {entry.character}" if entry.character else ""
    grave = f" ({entry.trigger})" if entry.trigger else ""
    share = f"{_share_percent(entry):g} %"
    return f"Rollout {rollout_id}: {what}{whom}{grave} by {event.actor}; now {entry.after.phase}, share {share}"


def _share_percent(entry: Entry) -> float:
    routing = entry.after.routing
    return percent_from_ppm(routing.share_ppm) if routing.enabled else 0.0
