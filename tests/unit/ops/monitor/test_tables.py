"""A report as people and programs read it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from segue.ops.monitor.document import document
from segue.ops.monitor.judgement import Endpoint, MonitorReport, Observation, reported
from segue.ops.monitor.markdown import markdown
from segue.ops.monitor.measures import Whom
from segue.ops.monitor.tables import gates_table, headline, tables
from segue.ops.monitor.trend import History, bars
from segue.ops.monitor.window import between, since_boot
from segue.rollout.core.gates import GateMetric
from support.metered import Metered, healthy
from support.rollouts import chirp3

HERE = Endpoint("http://here")


def report(metered: Metered, *replicas: Endpoint) -> MonitorReport:
    return reported(Observation(0.0, replicas or (HERE,), since_boot(metered.scrape())), chirp3())


def row(found: MonitorReport, of: str, measure: str) -> tuple[str, ...]:
    (row,) = [row for row in gates_table(found).rows if row[:2] == (of, measure)]
    return tuple(row[2:])


def test_each_measure_stands_against_its_levels() -> None:
    metered = Metered()
    metered.candidate(880, bad=120, took_s=1.0)
    found = report(metered)

    assert row(found, "chirp3-hd (candidate)", "success rate") == ("88 %", "> 95 %", "< 90 %", "1000", "alert")
    assert row(found, "chirp3-hd (candidate)", "fallback rate") == ("12 %", "< 5 %", "> 20 %", "1000", "warning")
    assert row(found, "chirp3-hd (candidate)", "mean synthesis time") == ("1 s", "< 2 s", "> 5 s", "880", "met")
    assert row(found, "all models", "cache hit rate") == ("no data", "> 90 %", "-", "0", "no data")


def test_totals_are_called_so_and_restarts_are_told() -> None:
    assert "Totals since the service's start: 1000 requests." in headline(report(healthy()))
    window = between(healthy(1000).scrape(0.0), healthy(60).scrape(60.0))
    after = reported(Observation(0.0, (HERE,), window), chirp3())

    assert "The last 1 min: 60 requests, 1 requests/s. The service was restarted" in headline(after)


def test_markdown_holds_every_table_and_no_text_from_outside_as_markup() -> None:
    text = markdown(report(healthy(), HERE, Endpoint("http://away", "<b>|oops|</b>")))

    assert r"- http://away: \<b\>\|oops\|\</b\>" in text
    for title in ("## Compared with the gates of chirp3", "## Requests by model", "## By character"):
        assert title in text


def test_tables_without_a_row_are_left_out() -> None:
    assert [table.title for table in tables(report(Metered()))] == ["Compared with the gates of chirp3"]


def test_beside_trends_only_characters_in_trouble_have_room() -> None:
    metered = healthy(1000)
    metered.candidate(50, bad=50, character="pip_boy")
    (troubled,) = [table for table in tables(report(metered), lambda *_: "") if table.title.startswith("Char")]

    assert [row[:2] for row in troubled.rows] == [("pip_boy", "chirp3-hd (candidate)")]
    assert "By character" in [table.title for table in tables(report(metered))]


def test_json_is_one_line_with_every_measure() -> None:
    metered = Metered()
    metered.candidate(75, bad=25, character="pip_boy")
    text = document(report(metered, HERE, Endpoint("http://away", "gone")))
    told = json.loads(text)

    assert "\n" not in text
    assert told["health"] == "alert"
    assert told["since_boot"] is True
    assert told["replicas"][1] == {"url": "http://away", "readable": False, "trouble": "gone"}
    (fallback,) = [
        one
        for one in told["measures"]
        if (one["character"], one["metric"], one["arm"]) == ("pip_boy", "fallback_rate", "candidate")
    ]
    assert (fallback["value"], fallback["cases"], fallback["verdict"]) == (0.25, 100, "alert")
    assert all(one["value"] is None for one in told["measures"] if one["verdict"] == "no data")


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([None], "·"),
        ([1.0], "▅"),
        ([0.0, 1.0], "▁█"),
        ([0.0, None, 0.5, 1.0], "▁·▅█"),
        ([2.0, 2.0], "▅▅"),
        ([0.3, 0.1 + 0.2], "▅▅"),
    ],
)
def test_trends_are_bars_between_least_and_largest(values: list[float | None], drawn: str) -> None:
    assert bars(values) == drawn


def test_history_keeps_the_latest_windows_and_no_totals() -> None:
    history, found = History(looks=3), report(healthy())
    history.add(found)
    for rate in (0.1, 0.2, 0.3, 0.4):
        lines = tuple(replace(line, value=rate) for line in found.lines)
        history.add(replace(found, since_boot=False, window_s=60.0, lines=lines))

    assert history.trend(Whom(), GateMetric.ERROR_RATE) == bars([0.2, 0.3, 0.4])
    assert gates_table(found, history.trend).columns[-1] == "trend"
