"""Formats outcomes as text, JSON and JUnit XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import msgspec
from rich.table import Table

from segue.cli.verify.outcome import CheckOutcome, CheckStatus
from segue.ops.words import as_written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segue.rollout.ports.control import ConfigBody

MARKS = {
    CheckStatus.PASSED: ("green", "passed "),
    CheckStatus.FAILED: ("bold red", "FAILED "),
    CheckStatus.SKIPPED: ("yellow", "skipped"),
}


class Verification(NamedTuple):
    """The outcomes of all checks of one service; ``configuration`` is the server's, if it was fetched."""

    url: str
    outcomes: Sequence[CheckOutcome]
    configuration: ConfigBody | None

    @property
    def ok(self) -> bool:
        return not self.count(CheckStatus.FAILED)

    def count(self, status: CheckStatus) -> int:
        return sum(outcome.status is status for outcome in self.outcomes)

    @property
    def summary(self) -> str:
        return ", ".join(f"{self.count(status)} {status}" for status in CheckStatus)


def further_lines(outcome: CheckOutcome) -> Iterator[str]:
    """What a failure indicates, and what to do."""
    if outcome.means:
        yield f"means: {outcome.means}"
    if outcome.do:
        yield f"do: {outcome.do}"


def settings_table(configuration: ConfigBody) -> Table:
    table = Table("variable", "value", "from", title="Settings of the server", title_justify="left")
    for setting in configuration.settings:
        table.add_row(setting.name, as_written(setting.value), setting.source)
    return table


def as_json(found: Verification) -> str:
    told = {
        "url": found.url,
        "ok": found.ok,
        "checks": found.outcomes,
        "configuration": found.configuration,
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


def as_junit(found: Verification) -> str:
    """JUnit XML for continuous integration: one suite with a case for each check."""
    suite = ET.Element(
        "testsuite",
        name="segue verify",
        hostname=found.url,
        tests=str(len(found.outcomes)),
        failures=str(found.count(CheckStatus.FAILED)),
        errors="0",
        skipped=str(found.count(CheckStatus.SKIPPED)),
        time=f"{sum(outcome.took_s for outcome in found.outcomes):.3f}",
    )
    for outcome in found.outcomes:
        suite.append(_case(outcome))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _case(outcome: CheckOutcome) -> ET.Element:
    case = ET.Element("testcase", classname="deployment", name=outcome.name, time=f"{outcome.took_s:.3f}")
    if outcome.status is CheckStatus.FAILED:
        failure = ET.SubElement(case, "failure", message=_printable(outcome.detail))
        failure.text = _printable("\n".join(further_lines(outcome)))
    elif outcome.status is CheckStatus.SKIPPED:
        ET.SubElement(case, "skipped", message=_printable(outcome.detail))
    else:
        ET.SubElement(case, "system-out").text = _printable(outcome.detail)
    return case


def _printable(text: str) -> str:
    """The text without control characters, which XML does not allow."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
