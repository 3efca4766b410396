"""One recorder in front of several: every event reaches each, in their order."""

from __future__ import annotations

from inspect import getmembers, isfunction, signature
from typing import TYPE_CHECKING

from segue.kernel.ports.recorder import Recorder, RecorderListener
from segue.kernel.telemetry.fan_out import FanOut
from segue.testing.recorder import RememberingRecorder
from support.traffic import a_served, everything_happens

if TYPE_CHECKING:
    from segue.kernel.ports.recorder import Served


class Ordered(RecorderListener):
    def __init__(self, name: str, seen: list[str]) -> None:
        self._name, self._seen = name, seen

    def served(self, served: Served) -> None:
        self._seen.append(f"{self._name} {served.model}")


def events(of: type) -> dict[str, str]:
    return {name: str(signature(method)) for name, method in getmembers(of, isfunction) if name[0] != "_"}


def test_a_listener_has_every_event_of_the_recorder() -> None:
    assert events(RecorderListener) == events(Recorder)


def test_every_event_reaches_each_listener() -> None:
    straight, one, other = RememberingRecorder(), RememberingRecorder(), RememberingRecorder()
    everything_happens(straight)
    everything_happens(FanOut(one, RecorderListener(), other))

    assert vars(one) == vars(other) == vars(straight)


def test_listeners_are_called_in_their_order() -> None:
    seen: list[str] = []
    FanOut(Ordered("first", seen), Ordered("second", seen)).served(a_served())

    assert [line.split()[0] for line in seen] == ["first", "second"]


def test_an_event_that_one_handles_is_its_own_method_and_others_do_nothing() -> None:
    seen: list[str] = []
    one = Ordered("one", seen)
    both = FanOut(RecorderListener(), one)

    assert both.served == one.served
    everything_happens(FanOut())
    everything_happens(FanOut(RecorderListener()))
