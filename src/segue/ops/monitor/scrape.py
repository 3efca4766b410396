"""What a metrics endpoint gave, as numbers by series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parsed_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parsed_text

from segue.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
"""What a reader of these formats says that it takes."""

_COUNTERS = ("_total", "_bucket", "_count", "_sum")
_BIRTH = "_created"


class Series(NamedTuple):
    """One line of an exposition. ``labels`` are sorted by name."""

    name: str
    labels: tuple[tuple[str, str], ...]


Values: TypeAlias = "Mapping[Series, float]"


@dataclass(frozen=True, slots=True)
class Scrape:
    """One reading of one endpoint, at ``at_s`` (monotonic).

    ``counters`` only grow while a process lives; ``births`` are the Unix times at which they began, where the
    endpoint tells them.
    """

    at_s: float
    counters: Values
    gauges: Values
    births: Values


def scraped(body: str, content_type: str, at_s: float) -> Scrape:
    """The body of a metrics endpoint, OpenMetrics or text as its content type says; what is no number is left out.

    Raises:
        Unavailable: it is neither.
    """
    parsed = parsed_openmetrics if content_type.startswith(_OPENMETRICS) else parsed_text
    try:
        families = list(parsed(body))
    except (ValueError, KeyError, IndexError) as error:
        raise Unavailable(f"what it answers is not metrics: {str(error)[:200]}") from None
    if not families:
        raise Unavailable("what it answers is not metrics: it holds none")
    counters: dict[Series, float] = {}
    gauges: dict[Series, float] = {}
    births: dict[Series, float] = {}
    for sample in (sample for family in families for sample in family.samples):
        if not math.isfinite(sample.value):
            continue
        kept = counters if sample.name.endswith(_COUNTERS) else gauges
        kept = births if sample.name.endswith(_BIRTH) else kept
        kept[Series(sample.name, tuple(sorted(sample.labels.items())))] = float(sample.value)
    return Scrape(at_s, counters, gauges, births)


_OPENMETRICS = CONTENT_TYPE_LATEST.partition(";")[0]
