"""A report as people read it: every fact in it, no text from outside taken for markup, plots where they can be."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from segue.ops.report.html import html
from segue.ops.report.markdown import markdown
from segue.ops.report.plots import plots
from segue.ops.words import moment, ratio_in_words, span
from segue.rollout.ports.report import (
    ArmStatistics,
    Followed,
    GoingBack,
    Period,
    Point,
    Report,
    StandingInWords,
    Transition,
)

_AT_S = 1_750_000_000.0
_HALF = StandingInWords("running", "half", 0, 50.0, ("pip_boy", "ghoul"))
_OFF = StandingInWords("rolled_back", "half", 0, 0.0, ("pip_boy", "ghoul"))
_FINE = ArmStatistics(units=120, success_ratio=1.0, mean_s=0.21, p50_s=0.2, p95_s=0.35, p99_s=0.4)
_BAD = ArmStatistics(
    units=80, errors=20, fallbacks=20, success_ratio=0.75, mean_s=1.5, p50_s=1.25, p95_s=2.5, p99_s=3.0
)


def a_report(*, why: str = "錯誤率太高", weeks: int = 0, points: int = 12) -> Report:
    length_s = weeks * 7 * 86_400.0 or 60.0 * points
    width_s = length_s / points
    back = GoingBack(
        revision=2,
        at_s=_AT_S + length_s / 2,
        actor="judge",
        why=why,
        trigger="P0",
        kind="roll_back",
        before=_HALF,
        after=_OFF,
        decided_in_s=0.004,
        took_s=0.128,
        followed=(Followed("a", 0.02), Followed("b", 0.124)),
        characters=("ghoul", "pip_boy"),
        units_hour_before=80,
    )
    return Report(
        rollout_id="chirp3",
        plan="short",
        description="短計畫",
        from_s=_AT_S,
        to_s=_AT_S + length_s,
        transitions=(
            Transition(1, _AT_S, "王小明", "start", "a try", "", "", _HALF),
            Transition(2, back.at_s, "judge", "roll_back", why, "P0", "", _OFF, ("error_rate: missed",)),
        ),
        stays=(
            Period(1, _AT_S, back.at_s, _HALF, _FINE, _BAD),
            Period(2, back.at_s, _AT_S + length_s, _OFF, _FINE, ArmStatistics()),
        ),
        goings_back=(back,),
        points=tuple(
            Point(_AT_S + n * width_s, width_s, _FINE, _BAD if n < 6 else ArmStatistics()) for n in range(points)
        ),
    )


EMPTY = Report("chirp3", "", "", _AT_S, _AT_S, (), (), (), ())

_FACTS = (
    "錯誤率太高",
    "王小明",
    "短計畫",
    "P0",
    "128 ms: decided in 4 ms, the slowest of 2 replica(s), b, after 124 ms",
    "ghoul, pip_boy; share 50 %; 80 units heard the candidate in the hour before",
    "all listeners to the baseline, master switch off; without a restart",
    "half, rolled_back, 0 % of pip_boy, ghoul",
    "75 %",
    "2.50 s",
    "error_rate: missed",
)


@pytest.mark.parametrize("fact", _FACTS)
def test_every_fact_of_a_going_back_is_in_both_forms(fact: str) -> None:
    assert fact in markdown(a_report())
    assert fact in html(a_report(), None)


def test_a_text_from_outside_is_no_markup() -> None:
    hostile = "<script>alert(1)</script> | **bold** `code` _slanted_ [link](http://x)\nand\\more"
    page, text = html(a_report(why=hostile), None), markdown(a_report(why=hostile))

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert (
        r"\<script\>alert(1)\</script\> \| \*\*bold\*\* \`code\` \_slanted\_ \[link\](http://x) and\\more" in text
    )


def test_each_row_of_a_table_in_markdown_has_as_many_cells_as_its_head() -> None:
    for table in markdown(a_report(why="a | b")).split("\n\n"):
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert len({line.replace(r"\|", "").count("|") for line in rows}) <= 1


class _Tags(HTMLParser):
    """What a page is made of, and what it fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetches: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetches += [value or "" for name, value in attrs if name in ("src", "href") and tag != "use"]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_fetches_nothing() -> None:
    tags = _Tags()
    tags.feed(html(a_report(), plots(a_report())))

    assert tags.open == []
    assert tags.fetches == []


def drawn(report: Report) -> str:
    pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'segue[report]'")
    svg = plots(report)
    assert svg is not None
    return svg


def test_plots_are_one_svg_with_both_arms_and_the_decisions_numbered() -> None:
    svg = drawn(a_report())
    texts = [element.text for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]

    assert {"candidate share, %", "success, %", "synthesis, s"} <= set(texts)
    assert {"baseline: success", "candidate: success", "baseline: mean", "candidate: P95"} <= set(texts)
    assert {"1", "2"} <= set(texts)


def test_the_same_report_is_drawn_the_same_way() -> None:
    assert drawn(a_report()) == drawn(a_report())


def test_weeks_are_drawn_as_small_as_minutes() -> None:
    assert len(drawn(a_report(weeks=6, points=600))) < 1_000_000


def test_an_empty_report_is_a_page_and_a_text_and_a_plot() -> None:
    assert "the history is empty" in markdown(EMPTY)
    assert "None." in html(EMPTY, drawn(EMPTY))


def test_a_page_without_plots_says_how_to_have_them() -> None:
    assert "pip install 'segue[report]'" in html(EMPTY, None)


def test_without_matplotlib_there_are_no_plots_and_no_complaint() -> None:
    program = """
import sys
sys.modules["matplotlib"] = None
from segue.ops.report.plots import plots
from segue.rollout.ports.report import Report
print(plots(Report("x", "", "", 0.0, 0.0, (), (), (), ())))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)

    assert (done.stdout.strip(), done.stderr) == ("None", "")


@pytest.mark.parametrize(
    ("length_s", "told"),
    [
        (-1, "0 s"),
        (0.25, "0.25 s"),
        (9.6, "10 s"),
        (60, "1 min"),
        (119.7, "2 min"),
        (3700, "1 h 1 min"),
        (90_061, "1 d 1 h"),
        (86_400 + 59, "1 d"),
        (14 * 86_400, "14 d"),
    ],
)
def test_spans_are_told_in_two_units(length_s: float, told: str) -> None:
    assert span(length_s) == told


def test_moments_are_utc_and_nothing_is_a_dash() -> None:
    assert moment(0) == "1970-01-01 00:00:00"
    assert (ratio_in_words(None), ratio_in_words(0.12345)) == ("-", "12.3 %")
