"""Builds what counts usage, as the settings and the catalogue say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.system.clock import SystemEntropy
from segue.usage.book import BookRules, UsageBook
from segue.usage.counter import UsageCounter

if TYPE_CHECKING:
    from segue.config.schema import Settings
    from segue.kernel.ports.recorder import BulkheadName
    from segue.kernel.telemetry.prometheus import PrometheusRecorder
    from segue.rollout.ports.store import Store
    from segue.wiring.speech import Speech


_EMBEDDED = frozenset({"espeak", "piper", "kokoro"})


class UsageParts:
    """The counter, which hears of requests, and what it needs to be written and priced, which is built later."""

    book: UsageBook
    _speech: Speech

    def __init__(self, metrics: PrometheusRecorder) -> None:
        self.counter = UsageCounter(self._price_usd)
        self._metrics = metrics

    def connect(self, settings: Settings, store: Store, speech: Speech) -> None:
        """Call it once, before the first request."""
        self._speech = speech
        source = SystemEntropy().token()
        rules = BookRules(settings.usage_days, settings.metrics_key_names)
        self.book = UsageBook(self.counter, store.usage, speech.clock, source, rules, self._metrics.used)

    def flush(self) -> None:
        """Passes everything that was counted to the Prometheus library."""
        self.book.count()
        self._metrics.flush()

    def _price_usd(self, bulkhead: BulkheadName) -> float | None:
        """The catalogue's price. Embedded engines that have none there cost nothing."""
        catalogue = self._speech.catalogue
        quota = catalogue.quotas.get(bulkhead)
        if quota is not None and quota.usd_per_million_chars is not None:
            return quota.usd_per_million_chars
        return 0.0 if catalogue.kind_of(bulkhead.engine) in _EMBEDDED else None
