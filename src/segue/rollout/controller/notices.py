"""Makes notices from the history and from the judge's alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.units import percent_from_ppm
from segue.rollout.controller.ledger import entry_of
from segue.rollout.core.rollout import Phase, Verb
from segue.rollout.ports.notice import Notice, NoticeKind
from segue.rollout.ports.store import shown

if TYPE_CHECKING:
    from segue.rollout.controller.ledger import HistoryEntry
    from segue.rollout.core.standing import Standing
    from segue.rollout.ports.store import Event


def notice_of(event: Event, rollout_id: str) -> Notice:
    """The notice for an entry of the history."""
    entry = entry_of(event)
    asks = _asks(event, entry)
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
        actor_source=entry.actor_source,
        trigger=entry.trigger,
        character=entry.character,
        phase=after.phase,
        stage=after.place.stage,
        share_percent=_share_percent(entry),
    )


_WAITS = "a stage waits for approval; `segue rollout status` names it, `segue rollout approve` approves it"


def alerts_of(standing: Standing, rollout_id: str) -> list[Notice]:
    """Notices for conditions that need a person; their ids are the same as long as the revision is."""
    conditions = (
        ("stuck", standing.stuck, "a step has lasted longer than the plan's progress deadline"),
        ("hold_over", standing.hold_over, "the hold of a step is over but the step does not end"),
        (
            "metrics_unreadable",
            bool(standing.trouble),
            "the judge cannot read its metrics: the rollout neither advances nor goes back automatically",
        ),
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


def _asks(event: Event, entry: HistoryEntry) -> bool:
    """Whether a person must now approve something: the next stage, or the one that was started or resumed."""
    waits = entry.after.entering is not None and entry.after.phase is Phase.AWAITING_APPROVAL
    return event.kind == Verb.ASK_APPROVAL or (waits and event.kind in (Verb.START, Verb.RESUME))


def _title(rollout_id: str, event: Event, entry: HistoryEntry) -> str:
    if _asks(event, entry):
        return f"Rollout {rollout_id}: {_WAITS}"
    what = event.kind.replace("_", " ")
    whom = f" {entry.character}" if entry.character else ""
    grave = f" ({entry.trigger})" if entry.trigger else ""
    share = f"{_share_percent(entry):g} %"
    who = shown(event.actor, entry.actor_source)
    return f"Rollout {rollout_id}: {what}{whom}{grave} by {who}; now {entry.after.phase}, share {share}"


def _share_percent(entry: HistoryEntry) -> float:
    routing = entry.after.routing
    return percent_from_ppm(routing.share_ppm) if routing.enabled else 0.0
