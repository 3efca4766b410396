"""Who wants to know of a stop is told first, and takes the signal from nobody."""

from __future__ import annotations

import os
import signal
import threading

from segue.system.stopping import told_of_stop


def test_it_is_told_first_and_the_one_before_hears_it_still() -> None:
    heard: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("server"))
    try:
        with told_of_stop(lambda: heard.append("stream")):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert heard == ["stream", "server", "server"]


def test_outside_the_main_thread_it_does_nothing_and_complains_of_nothing() -> None:
    before, passed = signal.getsignal(signal.SIGTERM), threading.Event()

    def elsewhere() -> None:
        with told_of_stop(lambda: None):
            passed.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(5)

    assert passed.is_set()
    assert signal.getsignal(signal.SIGTERM) == before
