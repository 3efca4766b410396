"""The claims of docs/simulation.md, looked at in fewer runs."""

from __future__ import annotations

import pytest

from segue.simulation.claims import SCENES, Judged
from support.simulation import cast, chirp3

RUNS = 100


@pytest.mark.timeout(180)  # weeks of virtual time in seconds, on a machine that may be busy
@pytest.mark.parametrize("scene", SCENES)
def test_the_judge_can_do_what_the_documentation_says(scene: str) -> None:
    for finding in Judged(chirp3(), cast(), RUNS, seed=1).look(scene):
        assert finding.holds, finding
