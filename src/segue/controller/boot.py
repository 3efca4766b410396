"""What the environment says at boot, brought into the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.controller.ledger import Wish
from segue.core.rollout import Phase, Verb, booted
from segue.ports.store import Conflict

if TYPE_CHECKING:
    from segue.controller.ledger import Ledger
    from segue.core.assign import Routing


async def boot(ledger: Ledger, environment: Routing, *, actor: str) -> None:
    """Records the environment's routing where it is new; of several workers that boot at once, one does."""
    snapshot = await ledger.latest()
    if booted(snapshot.state, environment) == snapshot.state:
        return
    try:
        why = "the CHIRP3_ settings are new, or changed since they were last read"
        if snapshot.state.phase is Phase.ROLLED_BACK:
            why += "; the roll back stands until a person resumes, starts a plan or sets the routing"
        wish = Wish(actor, Verb.BOOT, why)
        await ledger.change(wish, lambda state: booted(state, environment), seen=snapshot.revision)
    except Conflict:
        return  # another worker, with the same environment
