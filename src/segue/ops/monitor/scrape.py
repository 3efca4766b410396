"""The response of a metrics endpoint, as numbers by series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parsed_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parsed_text

from segue.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
"""The ``Accept`` header for these formats."""

_COUNTERS = ("_total", "_bucket", "_count", "_sum")
_BIRTH = "_created"


class Series(NamedTuple):
    """The identity of a series: its metric name, and its labels sorted by name."""

    name: str
    labels: tuple[tuple[str, str], ...]


Values: TypeAlias = "Mapping[Series, float]"


@dataclass(frozen=True, slots=True)
class Scrape:
    """One reading of one endpoint, at ``at_s`` (monotonic).

    ``counters`` only increase while a process lives. ``births`` are the Unix times at which they were created, if
    the endpoint reports them.
    """

    at_s: float
    counters: Values
    gauges: Values
    births: Values


def scraped(body: str, content_type: str, at_s: float) -> Scrape:
    """Parses the body of a metrics endpoint: OpenMetrics or text, by its content type.

    Values that are not finite are dropped.

    Raises:
        Unavailable: the body is in neither format.
    """
    parsed = parsed_openmetrics if content_type.startswith(_OPENMETRICS) else parsed_text
    try:
        families = list(parsed(body))
    except (ValueError, KeyError, IndexError) as error:
        raise Unavailable(f"the response is not in a metrics format: {str(error)[:200]}") from None
    if not families:
        raise Unavailable("the response is not in a metrics format: it contains no metrics")
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
