"""A recorder that remembers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.core.breaker import BreakerPhase
    from segue.core.errors import ErrorCode
    from segue.core.speech import SpeechRequest
    from segue.ports.recorder import Attempt, Hit, LaneName, Served, UnitOutcome


class RememberingRecorder:
    """Implements ``segue.ports.recorder.Recorder`` for tests to look at."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.answers: list[Served] = []
        self.hits: list[Hit] = []
        self.units: list[UnitOutcome] = []
        self.fallbacks: Counter[tuple[str, str]] = Counter()
        self.lookups: Counter[tuple[str, str | None]] = Counter()
        self.rejections: Counter[tuple[str, ErrorCode]] = Counter()
        self.losses: Counter[tuple[str, str]] = Counter()
        self.phases: list[BreakerPhase] = []
        self.quotas: Counter[tuple[str, str, str]] = Counter()
        self.kept_bytes = 0
        self.loads: dict[LaneName, tuple[int, int]] = {}

    def attempted(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def kept(self, model: str, character_key: str, audio_bytes: int) -> None:  # noqa: ARG002
        self.kept_bytes += audio_bytes

    def looked_up(self, model: str, source: str | None) -> None:
        self.lookups[model, source] += 1

    def recalled(self, hit: Hit) -> None:
        self.hits.append(hit)

    def fell_back(self, request: SpeechRequest, character_key: str, error_type: str) -> None:  # noqa: ARG002
        self.fallbacks[character_key, error_type] += 1

    def served(self, served: Served) -> None:
        self.answers.append(served)

    def counted(self, unit: UnitOutcome) -> None:
        self.units.append(unit)

    def rejected(self, dialect: str, code: ErrorCode) -> None:
        self.rejections[dialect, code] += 1

    def lost(self, model: str, control: str) -> None:
        self.losses[model, control] += 1

    def breaker_changed(self, lane: LaneName, phase: BreakerPhase, failures: int) -> None:  # noqa: ARG002
        self.phases.append(phase)

    def quota_spent(self, lane: LaneName, limit: str) -> None:
        self.quotas[(*lane, limit)] += 1

    def load_changed(self, lane: LaneName, running: int, waiting: int) -> None:
        self.loads[lane] = running, waiting
