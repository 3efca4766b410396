"""The vendors' own quick-starts against a service of its own, on real voices: only the address is changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from support.embedded import noiseless_profile
from support.process import Server, serving
from support.quickstarts import FRAMES_S, OF_HTTP, Quickstart, run_quickstart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.speech.audio.decode import Decoded


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("service")
    with serving(folder, SEGUE_PROFILE=str(noiseless_profile(folder))) as started:
        yield started


@pytest.mark.timeout(180)
@pytest.mark.parametrize("share_percent", [0, 100], ids=["baseline", "candidate"])
@pytest.mark.parametrize("quickstart", OF_HTTP, ids=lambda quickstart: quickstart.package)
def test_the_quickstart_runs_and_every_file_lasts_what_it_should(
    server: Server, tmp_path: Path, quickstart: Quickstart, share_percent: int
) -> None:
    """Either voice says the same text in the same time, whatever the format and however it is read."""
    server.steer(share_percent=share_percent)
    heard = run_quickstart(sys.executable, quickstart.script, server.url, tmp_path / "files")

    assert set(heard) == quickstart.files
    exact = heard[quickstart.exact]
    assert 0.5 < exact.duration_s < 6.0
    for name, audio in heard.items():
        assert exact.duration_s - 0.02 <= audio.duration_s <= exact.duration_s + FRAMES_S, name
        assert _last_sound_s(audio) == pytest.approx(_last_sound_s(exact), abs=FRAMES_S), name


def _last_sound_s(audio: Decoded) -> float:
    """A tail that was cut off shows here even where silence fills it."""
    loud = np.flatnonzero(np.abs(audio.samples) > 0.02 * np.abs(audio.samples).max())
    return float(loud[-1] / audio.rate_hz)
