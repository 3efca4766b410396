"""Turns: one at a time, and the background behind all others."""

from __future__ import annotations

import threading

import pytest

from segue.speech.engines.background import Turns
from support.waiting import until


class Scene:
    """A turn that somebody holds, and threads that wait for theirs."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.order: list[str] = []
        self._threads: list[threading.Thread] = []

    def wait_for_turn(self, name: str, *, background: bool = False) -> None:
        def take() -> None:
            with self.turns.turn(background=background):
                self.order.append(name)

        thread = threading.Thread(target=take)
        thread.start()
        self._threads.append(thread)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(10.0)


def test_the_background_waits_until_nobody_else_does() -> None:
    scene = Scene()
    with scene.turns.turn():
        scene.wait_for_turn("behind", background=True)
        for name in ("first", "second"):
            scene.wait_for_turn(name)
            until(lambda: scene.turns.wanted, "a turn is wanted")
    scene.join()

    assert sorted(scene.order[:2]) == ["first", "second"]
    assert scene.order[2:] == ["behind"]


def test_who_holds_a_turn_in_the_background_sees_that_another_waits_but_not_another_in_the_background() -> None:
    scene = Scene()
    with scene.turns.turn(background=True):
        scene.wait_for_turn("behind", background=True)
        assert not scene.turns.wanted
        scene.wait_for_turn("first")
        until(lambda: scene.turns.wanted, "a turn is wanted")
    scene.join()

    assert scene.order == ["first", "behind"]
    assert not scene.turns.wanted


def test_a_turn_that_fails_is_given_back() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="broken"), turns.turn():
        raise ValueError("broken")

    with turns.turn(background=True):
        pass
