"""Usage as CSV, which spreadsheets open."""

from __future__ import annotations

import csv
import io

import pytest

from segue.kernel.ports.usage import UsageField, UsageTotal, Used
from segue.usage.bodies import usage_body
from segue.usage.table import usage_csv

DAY = 20_786
USED = Used(3, 30, 20, 0, 20, 0.0012)


def rows_of(*by: UsageField, values: tuple[str, ...]) -> list[list[str]]:
    text = usage_csv(usage_body(DAY, DAY, by, [UsageTotal(values, USED)]))
    return list(csv.reader(io.StringIO(text)))


def test_a_header_and_a_line_for_each_entry() -> None:
    assert rows_of(UsageField.DAY, UsageField.KEY, values=(str(DAY), 'a "game", 遊戲')) == [
        [
            *("day", "key", "requests", "characters", "synthesized_characters", "shadow_characters"),
            *("unpriced_characters", "cost_usd"),
        ],
        ["2026-11-29", 'a "game", 遊戲', "3", "30", "20", "0", "20", "0.001200"],
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_name_is_a_formula(name: str) -> None:
    assert rows_of(UsageField.KEY, values=(name,))[1][0] == f"'{name}"


def test_the_total_is_the_sum() -> None:
    body = usage_body(
        DAY - 1, DAY, (UsageField.ARM,), [UsageTotal((arm,), USED) for arm in ("baseline", "candidate")]
    )

    assert (body.first_day, body.last_day, body.by) == ("2026-11-28", "2026-11-29", ("arm",))
    assert body.total.requests == 6
    assert body.total.cost_usd == pytest.approx(0.0024)
    assert body.entries[0].key is None
