"""Records the environment's routing in the history at boot."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from segue.rollout.controller.ledger import Proposal
from segue.rollout.core.rollout import Phase, Verb, booted
from segue.rollout.ports.store import Conflict

if TYPE_CHECKING:
    from segue.kernel.assign import Routing
    from segue.rollout.controller.ledger import Ledger, Snapshot


async def boot(ledger: Ledger, environment: Routing, *, actor: str) -> None:
    """Records the environment's routing if it is new.

    If several workers boot at the same time, only one records it. If another change is written first, the routing
    is recorded after it.
    """
    while True:
        snapshot = await ledger.latest()
        if booted(snapshot.state, environment) == snapshot.state:
            return
        with suppress(Conflict):
            await _record(ledger, snapshot, environment, actor)


async def _record(ledger: Ledger, snapshot: Snapshot, environment: Routing, actor: str) -> None:
    why = "the CHIRP3_ settings are new or have changed since they were last read"
    if snapshot.state.phase is Phase.ROLLED_BACK:
        why += "; the rollback stays in force until a person resumes, starts a plan or sets the routing"
    proposal = Proposal(actor, Verb.BOOT, why)
    await ledger.change(proposal, lambda state: booted(state, environment), seen=snapshot.revision)
