"""What a gate looks at, as queries over a window: by model, because that is what the service is asked about.

The judge counts units since a step began, to decide once; these count every attempt of the last minutes, to wake
somebody. Both have the same thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.core.gates import FIRST_AUDIO_QUANTILES, SYNTHESIS_QUANTILES, Metric
from segue.ports.recorder import NOT_ASKED
from segue.telemetry import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ATTEMPTS = catalog.SYNTHESIS.name
_SECONDS = catalog.SYNTHESIS_DURATION.name
_FIRST_AUDIO = catalog.FIRST_AUDIO.name
_FALLBACKS = catalog.FALLBACKS.name
_REQUESTS = catalog.REQUESTS.name
_HITS, _MISSES = catalog.CACHE_HITS.name, catalog.CACHE_MISSES.name
_BY_MODEL = "voice_model"
_NEVER_ASKED = f'{_FALLBACKS}{{error_type=~"{"|".join(sorted(NOT_ASKED))}"}}'
_OF_CANDIDATE = f'and on (voice_model) {catalog.ARMS.name}{{arm="candidate"}}'


@dataclass(frozen=True, slots=True)
class Measure:
    """One recorded number. ``by`` is the label that tells its series apart, empty where there is one series.

    ``cases`` is the measure that counts what it is a rate of, empty where it is such a count itself.
    """

    name: str
    expr: str
    by: str = ""
    cases: str = ""

    def record(self, window: str) -> str:
        """What it is recorded as, over a window such as ``5m``."""
        return f"segue:{self.name}:{window}"


def measures(window: str) -> dict[str, Measure]:
    """Every measure by name; the names of gates' metrics among them, counts of cases before those they serve."""
    found = [*_counts(window), *_rates(window), *_durations(window)]
    return {measure.name: measure for measure in found}


def _counts(window: str) -> list[Measure]:
    def gained(series: str) -> str:
        return f"(sum(increase({series}[{window}])) or vector(0))"

    asked = f"(sum(increase({_ATTEMPTS}[{window}]) {_OF_CANDIDATE}) or vector(0))"
    return [
        Measure("attempts", f"sum by (voice_model) (increase({_ATTEMPTS}[{window}]))", _BY_MODEL),
        Measure("streams", f"sum by (voice_model) (increase({_FIRST_AUDIO}_count[{window}]))", _BY_MODEL),
        Measure("candidate_asked", f"{asked} + {gained(_NEVER_ASKED)}"),
        Measure("requests", f"sum(increase({_REQUESTS}[{window}]))"),
        Measure("lookups", f"{gained(_HITS)} + {gained(_MISSES)}"),
    ]


def _rates(window: str) -> list[Measure]:
    attempts = f"sum by (voice_model) (increase({_ATTEMPTS}[{window}]))"
    errors = f'sum by (voice_model) (increase({_ATTEMPTS}{{status="error"}}[{window}]))'
    bad_audio = (
        f'sum by (voice_model) (increase({catalog.SYNTHESIS_ERRORS.name}{{error_type="bad_audio"}}[{window}]))'
    )
    failed = f'(sum(increase({_REQUESTS}{{outcome="failed"}}[{window}])) or vector(0))'
    counts = {measure.name: measure.expr for measure in _counts(window)}
    found = {
        Metric.ERROR_RATE: (f"({errors} or {attempts} * 0) / ({attempts} > 0)", "attempts"),
        Metric.SUCCESS_RATE: (f"1 - ({errors} or {attempts} * 0) / ({attempts} > 0)", "attempts"),
        Metric.BAD_AUDIO_RATE: (f"({bad_audio} or {attempts} * 0) / ({attempts} > 0)", "attempts"),
        Metric.FALLBACK_RATE: (
            f"(sum(increase({_FALLBACKS}[{window}])) or vector(0)) / ({counts['candidate_asked']} > 0)",
            "candidate_asked",
        ),
        Metric.UNSERVED_RATE: (f"{failed} / ({counts['requests']} > 0)", "requests"),
        Metric.CACHE_HIT_RATE: (
            f"(sum(increase({_HITS}[{window}])) or vector(0)) / ({counts['lookups']} > 0)",
            "lookups",
        ),
    }
    return [
        Measure(metric, expr, _BY_MODEL if cases == "attempts" else "", cases)
        for metric, (expr, cases) in found.items()
    ]


def _durations(window: str) -> list[Measure]:
    spent = f"sum by (voice_model) (rate({_SECONDS}_sum[{window}]))"
    timed = f"sum by (voice_model) (rate({_SECONDS}_count[{window}]))"
    return [
        Measure(Metric.MEAN_SYNTHESIS, f"{spent} / ({timed} > 0)", _BY_MODEL, "attempts"),
        *_quantiles(_SECONDS, SYNTHESIS_QUANTILES, "attempts", window),
        *_quantiles(_FIRST_AUDIO, FIRST_AUDIO_QUANTILES, "streams", window),
    ]


def _quantiles(histogram: str, quantiles: Mapping[Metric, float], cases: str, window: str) -> Iterator[Measure]:
    buckets = f"sum by (voice_model, le) (rate({histogram}_bucket[{window}]))"
    for metric, quantile in quantiles.items():
        yield Measure(metric, f"histogram_quantile({quantile:g}, {buckets})", _BY_MODEL, cases)
