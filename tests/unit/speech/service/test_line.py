"""Whose turn it is."""

from __future__ import annotations

import random

from segue.speech.service.line import FairLine, QueuedCaller

ANN, BOB, CY = QueuedCaller("1.1.1.1", "ann"), QueuedCaller("1.1.1.1", "bob"), QueuedCaller("2.2.2.2", "cy")


def served(line: FairLine, asked: list[QueuedCaller], *, at_once: int = 1) -> list[QueuedCaller]:
    """In which order they are served, ``at_once`` of them at a time, each for as long as the others."""
    turns = [(caller, line.join(caller)) for caller in asked]
    order: list[QueuedCaller] = []
    running: list[QueuedCaller] = []
    while len(line):
        while len(running) < at_once and (turn := line.next()) is not None:
            running.append(next(caller for caller, known in turns if known is turn))
            order.append(running[-1])
        line.ended(running.pop(0))
    for caller in running:
        line.ended(caller)
    return order


async def test_one_of_many_requests_waits_behind_one_of_few() -> None:
    order = served(FairLine(), [ANN] * 5 + [BOB])
    assert order.index(BOB) == 1


async def test_an_address_that_names_many_units_has_one_share() -> None:
    crowd = [QueuedCaller("1.1.1.1", f"unit {number}") for number in range(20)]
    order = served(FairLine(), [*crowd, CY, CY])
    assert [place for place, caller in enumerate(order) if caller == CY] == [1, 3]


async def test_units_of_one_address_have_equal_shares_of_it() -> None:
    order = served(FairLine(), [ANN] * 6 + [BOB] * 2)
    assert order[:4].count(BOB) == 2


async def test_who_holds_places_waits_longer() -> None:
    line = FairLine()
    for _ in range(3):
        line.begun(ANN)
    turns = {name: line.join(name) for name in (ANN, BOB)}
    assert line.next() is turns[BOB]


async def test_what_does_not_fit_is_waited_for() -> None:
    line = FairLine()
    large, _ = line.join(ANN, size=5.0), line.join(CY, size=1.0)
    assert line.next(lambda size: size < 3.0) is None
    assert line.next() is large


async def test_who_left_is_passed_over_and_nothing_is_remembered_of_them() -> None:
    line = FairLine()
    gone, there = line.join(ANN), line.join(ANN)
    gone.place.cancel()
    line.leave(ANN, gone)
    line.leave(ANN, gone)
    assert (len(line), line.next()) == (1, there)
    line.ended(ANN)
    assert (len(line), line._groups) == (0, {})


async def test_how_many_go_first_is_told_before_one_joins() -> None:
    dice = random.Random(5)
    for _ in range(200):
        line = FairLine()
        asked = [dice.choice((ANN, BOB, CY)) for _ in range(dice.randrange(12))]
        for caller in asked:
            line.join(caller)
        new = dice.choice((ANN, BOB, CY))
        told, mine, place = line.ahead_of(new), line.join(new), 0
        while (turn := line.next()) is not mine:
            assert turn is not None
            place += 1
            line.ended(next(caller for caller in (ANN, BOB, CY) if _is_running(line, caller)))
        assert abs(told - place) <= 2, "the order among equals depends on who was served last"


def _is_running(line: FairLine, caller: QueuedCaller) -> bool:
    group = line._groups.get(caller.address)
    queue = None if group is None else group.queues.get(caller.unit)
    return queue is not None and queue.running > 0


async def test_the_longest_line_gives_way_to_who_has_less_in_it() -> None:
    line = FairLine()
    turns = [line.join(ANN) for _ in range(3)]
    assert line.longest_but(CY) is turns[-1]
    assert line.longest_but(BOB) is turns[-1]
    assert line.longest_but(ANN) is None
