"""Expositions read: both formats, and whatever else an address may answer."""

from __future__ import annotations

import pytest

from segue.kernel.errors import Unavailable
from segue.ops.monitor.scrape import Series, scraped
from support.metered import OPENMETRICS, healthy

SUCCESSES = Series(
    "tts_synthesis_total",
    (("character_key", "ghoul"), ("status", "success"), ("voice_model", "chirp3-hd")),
)
SHARE = Series("segue_candidate_share_ratio", ())


@pytest.mark.parametrize("accept", ["text/plain", OPENMETRICS])
def test_both_formats_give_the_same_numbers(accept: str) -> None:
    scrape = healthy(1000).scrape(7.0, accept)

    assert scrape.at_s == 7.0
    assert scrape.counters[SUCCESSES] == 500
    assert scrape.gauges[SHARE] == 0.5
    assert Series("tts_synthesis_created", SUCCESSES.labels) in scrape.births


def test_both_formats_have_the_same_series() -> None:
    metered = healthy(10)
    text, openmetrics = metered.scrape(), metered.scrape(accept=OPENMETRICS)

    assert text.counters == openmetrics.counters
    assert text.gauges == openmetrics.gauges


def test_metrics_without_types_are_read_by_their_names() -> None:
    scrape = scraped('tts_synthesis_total{status="success"} 3\nup 1\n', "", 0.0)

    assert list(scrape.counters.values()) == [3]
    assert scrape.gauges == {Series("up", ()): 1}


def test_what_is_no_number_is_left_out() -> None:
    scrape = scraped("tts_requests_total NaN\ntts_other_total +Inf\nup 1\n", "", 0.0)

    assert scrape.counters == {}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "text/plain"),
        ("<!doctype html><title>502 Bad Gateway</title>", "text/html"),
        ('{"detail": "Not Found"}', "application/json"),
        ("tts_synthesis_total{ 1", "text/plain"),
        ("tts_synthesis_total 1\n", f"{OPENMETRICS}; version=1.0.0"),
        ('tts_x{a="b"', "text/plain"),
    ],
)
def test_what_is_not_metrics_is_told_apart(body: str, kind: str) -> None:
    with pytest.raises(Unavailable, match="is not in a metrics format"):
        scraped(body, kind, 0.0)
