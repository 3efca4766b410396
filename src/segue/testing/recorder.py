"""A recorder that stores everything for inspection."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.kernel.errors import ErrorCode
    from segue.kernel.ports.recorder import (
        Attempt,
        BreakerPhase,
        BulkheadName,
        Failed,
        Hit,
        RecordedRequest,
        Served,
        Skip,
        Synthesized,
        UnitOutcome,
    )


class RememberingRecorder:
    """Implements ``segue.kernel.ports.recorder.Recorder`` and stores what it receives, for tests to inspect."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.shadows: list[Attempt] = []
        self.shadows_refused: list[Attempt] = []
        self.shadows_skipped: Counter[Skip] = Counter()
        self.made: list[Synthesized] = []
        self.answers: list[Served] = []
        self.hits: list[Hit] = []
        self.units: list[UnitOutcome] = []
        self.fallbacks: Counter[tuple[str, str]] = Counter()
        self.backed: list[Failed] = []
        self.lookups: Counter[tuple[str, str | None]] = Counter()
        self.rejections: Counter[tuple[str, ErrorCode]] = Counter()
        self.turns: Counter[tuple[str, str]] = Counter()
        self.losses: Counter[tuple[str, str]] = Counter()
        self.phases: list[BreakerPhase] = []
        self.quotas: Counter[tuple[str, str, str]] = Counter()
        self.kept_bytes = 0
        self.loads: dict[BulkheadName, tuple[int, int]] = {}

    def attempted(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def shadowed(self, attempt: Attempt, *, refused: bool = False) -> None:
        (self.shadows_refused if refused else self.shadows).append(attempt)

    def shadow_skipped(self, reason: Skip) -> None:
        self.shadows_skipped[reason] += 1

    def kept(self, model: str, character_key: str, audio_bytes: int) -> None:  # noqa: ARG002
        self.kept_bytes += audio_bytes

    def looked_up(self, model: str, source: str | None) -> None:
        self.lookups[model, source] += 1

    def recalled(self, hit: Hit) -> None:
        self.hits.append(hit)

    def synthesized(self, synthesized: Synthesized) -> None:
        self.made.append(synthesized)

    def in_doubt(self, request: RecordedRequest) -> None:
        pass

    def fell_back(self, request: RecordedRequest, character_key: str, error_type: str) -> None:  # noqa: ARG002
        self.fallbacks[character_key, error_type] += 1

    def backed_up(self, failed: Failed) -> None:
        self.backed.append(failed)

    def served(self, served: Served) -> None:
        self.answers.append(served)

    def counted(self, unit: UnitOutcome) -> None:
        self.units.append(unit)

    def rejected(self, dialect: str, code: ErrorCode) -> None:
        self.rejections[dialect, code] += 1

    def turned_away(self, door: str, reason: str) -> None:
        self.turns[door, reason] += 1

    def lost(self, model: str, control: str) -> None:
        self.losses[model, control] += 1

    def breaker_changed(self, bulkhead: BulkheadName, phase: BreakerPhase, failures: int) -> None:  # noqa: ARG002
        self.phases.append(phase)

    def quota_spent(self, bulkhead: BulkheadName, limit: str) -> None:
        self.quotas[(*bulkhead, limit)] += 1

    def load_changed(self, bulkhead: BulkheadName, running: int, waiting: int) -> None:
        self.loads[bulkhead] = running, waiting
