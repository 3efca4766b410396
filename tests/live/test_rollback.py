"""A rollback by a person, on a service of several workers under load: in force on all of them within a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.light import LIGHT
from support.process import serving
from support.rollbacks import crowd_at, rolled_back

if TYPE_CHECKING:
    from pathlib import Path

ROLLBACKS = 50
REQUESTS_PER_S = 100
WORKERS = 4


@pytest.mark.timeout(300)
def test_fifty_rollbacks_are_in_force_within_a_second_and_fail_nobody(tmp_path: Path) -> None:
    profile = tmp_path / "light.yaml"
    profile.write_text(LIGHT, encoding="utf-8")
    settings = {"SEGUE_PROFILE": str(profile), "SEGUE_WORKERS": str(WORKERS)}
    with serving(tmp_path, **settings) as server, crowd_at(server.url, REQUESTS_PER_S) as crowd:
        done = [rolled_back(server, f"try {number}") for number in range(ROLLBACKS)]
    heard = crowd.heard

    assert {one.status for one in heard} == {200}
    assert [len(one.following_ms) for one in done] == [WORKERS] * ROLLBACKS
    assert max(max(one.following_ms) for one in done) < 1000
    assert max(one.latest_candidate_s(heard) for one in done) < 1.0
    assert sum(one.arm == "candidate" for one in heard) > ROLLBACKS * 10, "it was heard before each"
    rate = len(heard) / (done[-1].until_s - heard[0].asked_s)
    assert rate > REQUESTS_PER_S * 0.7, f"only {rate:.0f} requests/s were sent"
