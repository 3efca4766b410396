"""Look after look at replicas that restart, go away, come back and join."""

from __future__ import annotations

from segue.kernel.errors import Unavailable
from segue.ops.monitor.judgement import Observation
from segue.ops.monitor.lookout import Lookout
from segue.ops.monitor.scrape import Scrape
from support.metered import Metered, healthy

AWAY = Unavailable("it does not answer")


def seen(lookout: Lookout, **looks: Scrape | Unavailable) -> Observation:
    return lookout.seen(looks, 0.0)


def requests(observation: Observation) -> float:
    assert observation.window is not None
    return observation.window.counts.total("tts_requests_total")


def test_the_first_look_tells_totals_and_the_next_what_came_since() -> None:
    metered, lookout = healthy(1000), Lookout()
    first = seen(lookout, a=metered.scrape(0.0))
    metered.baseline(5)
    second = seen(lookout, a=metered.scrape(60.0))

    assert first.window is not None
    assert first.window.length_s is None
    assert (requests(first), requests(second)) == (1000, 5)


def test_a_replica_that_comes_back_brings_what_it_counted_meanwhile() -> None:
    metered, lookout = healthy(1000), Lookout()
    seen(lookout, a=metered.scrape(0.0))
    away = seen(lookout, a=AWAY)
    metered.baseline(50)
    back = seen(lookout, a=metered.scrape(180.0))

    assert away.window is None
    assert away.replicas[0].trouble == "it does not answer"
    assert requests(back) == 50
    assert back.window is not None
    assert back.window.length_s == 180


def test_a_new_replica_does_not_bring_its_past() -> None:
    old, new, lookout = healthy(1000), healthy(5000), Lookout()
    seen(lookout, a=old.scrape(0.0), b=AWAY)
    joined = seen(lookout, a=old.scrape(60.0), b=new.scrape(60.0))
    new.baseline(7)
    after = seen(lookout, a=old.scrape(120.0), b=new.scrape(120.0))

    assert (requests(joined), requests(after)) == (0, 7)


def test_a_restart_half_way_loses_no_more_than_what_no_scrape_saw() -> None:
    lookout = Lookout()
    seen(lookout, a=healthy(1000).scrape(0.0))
    anew = Metered()
    anew.baseline(12)
    after = seen(lookout, a=anew.scrape(60.0))

    assert after.window is not None
    assert after.window.restarted
    assert requests(after) == 12
