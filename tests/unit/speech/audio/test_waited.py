from __future__ import annotations

import threading

import numpy as np
import pytest

from segue.speech.audio.pcm import BLOCK_SAMPLES, blocks
from segue.speech.audio.waited import NobodyWaits, check_waited, run_until


def test_work_on_samples_ends_when_nobody_waits_for_it() -> None:
    left, seen = threading.Event(), 0

    def work() -> int:
        nonlocal seen
        for _ in blocks(np.zeros(5 * BLOCK_SAMPLES, np.float32)):
            seen += 1
            if seen == 2:
                left.set()
        return seen

    with pytest.raises(NobodyWaits):
        run_until(left, work)
    assert seen == 2
    check_waited()  # here nobody has left
    assert sum(1 for _ in blocks(np.zeros(5 * BLOCK_SAMPLES, np.float32))) == 5
