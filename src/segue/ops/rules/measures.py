"""The metrics of gates as queries over a window, by model, because operators ask about models.

The judge counts units since a step began, to decide once. These queries count every attempt of the last minutes,
to alert a person. Both use the same thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.kernel.ports.recorder import NOT_ASKED
from segue.kernel.telemetry import catalog
from segue.rollout.core.gates import FIRST_AUDIO_QUANTILES, SYNTHESIS_QUANTILES, GateMetric

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
    """One recorded value. ``by`` is the label that separates its series; empty if there is one series.

    ``cases`` is the name of the measure that counts the cases of this rate; empty if this measure is itself a
    count.
    """

    name: str
    expr: str
    by: str = ""
    cases: str = ""

    def record(self, window: str) -> str:
        """The name of the recording rule for a window such as ``5m``."""
        return f"segue:{self.name}:{window}"


def measures(window: str) -> dict[str, Measure]:
    """Every measure by name, including the metrics of gates. Counts of cases come before rates that use them."""
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
        GateMetric.ERROR_RATE: (f"({errors} or {attempts} * 0) / ({attempts} > 0)", "attempts"),
        GateMetric.SUCCESS_RATE: (f"1 - ({errors} or {attempts} * 0) / ({attempts} > 0)", "attempts"),
        GateMetric.BAD_AUDIO_RATE: (f"({bad_audio} or {attempts} * 0) / ({attempts} > 0)", "attempts"),
        GateMetric.FALLBACK_RATE: (
            f"(sum(increase({_FALLBACKS}[{window}])) or vector(0)) / ({counts['candidate_asked']} > 0)",
            "candidate_asked",
        ),
        GateMetric.UNSERVED_RATE: (f"{failed} / ({counts['requests']} > 0)", "requests"),
        GateMetric.CACHE_HIT_RATE: (
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
        Measure(GateMetric.MEAN_SYNTHESIS, f"{spent} / ({timed} > 0)", _BY_MODEL, "attempts"),
        *_quantiles(_SECONDS, SYNTHESIS_QUANTILES, "attempts", window),
        *_quantiles(_FIRST_AUDIO, FIRST_AUDIO_QUANTILES, "streams", window),
    ]


def _quantiles(
    histogram: str, quantiles: Mapping[GateMetric, float], cases: str, window: str
) -> Iterator[Measure]:
    buckets = f"sum by (voice_model, le) (rate({histogram}_bucket[{window}]))"
    for metric, quantile in quantiles.items():
        yield Measure(metric, f"histogram_quantile({quantile:g}, {buckets})", _BY_MODEL, cases)
