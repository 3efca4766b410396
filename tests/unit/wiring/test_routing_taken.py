"""When the candidate's engines are tried again although they have failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from segue.kernel.assign import Routing
from segue.speech.service.current import Current
from segue.wiring.service import RoutingTaken

if TYPE_CHECKING:
    from segue.kernel.telemetry.prometheus import PrometheusRecorder
    from segue.wiring.speech import Speech

OFF, QUARTER, HALF = (Routing(enabled=share > 0, share_ppm=share) for share in (0, 250_000, 500_000))


class Seen:
    """Stands for the metrics and for the speech half."""

    def __init__(self) -> None:
        self.tries = 0

    def routing_changed(self, share_ratio: float, revision: int) -> None:
        self.last = share_ratio, revision

    def try_candidate_again(self) -> None:
        self.tries += 1


@pytest.mark.parametrize(
    ("taken", "tries"),
    [
        ([(QUARTER, 1), (HALF, 2)], 2),
        ([(HALF, 1), (QUARTER, 2)], 1),
        ([(HALF, 1), (OFF, 2), (QUARTER, 3)], 2),
        ([(HALF, 1), (QUARTER, 3)], 2),
        ([(HALF, 1), (OFF, 3)], 1),
        ([(HALF, 1), (HALF, 1)], 1),
    ],
    ids=["more", "less", "resumed", "a rollback that was missed", "off", "the same again"],
)
def test_it_is_tried_when_more_are_sent_there_or_that_cannot_be_known(
    taken: list[tuple[Routing, int]], tries: int
) -> None:
    seen, current = Seen(), Current(OFF)
    told = RoutingTaken(cast("PrometheusRecorder", seen), cast("Speech", seen), OFF)
    for routing, revision in taken:
        current.take(routing, revision)
        told(current)

    assert seen.tries == tries
    assert seen.last[1] == taken[-1][1]
