"""Usage as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from segue.kernel.ports.usage import AMOUNTS

if TYPE_CHECKING:
    from segue.usage.bodies import UsageBody

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would calculate a name that begins with one of these."""


def usage_csv(body: UsageBody) -> str:
    """A header, and a line for each entry. Costs have six decimals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*body.by, *AMOUNTS])
    for entry in body.entries:
        names = [_harmless(str(getattr(entry, field))) for field in body.by]
        writer.writerow([*names, *(_number(getattr(entry, name)) for name in AMOUNTS)])
    return text.getvalue()


def _harmless(name: str) -> str:
    return f"'{name}" if name.startswith(_FORMULA) else name


def _number(amount: float) -> str:
    return str(amount) if isinstance(amount, int) else f"{amount:.6f}"
