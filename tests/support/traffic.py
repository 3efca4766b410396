"""What a service tells its recorder about requests that were answered one way or another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.assign import Assignment, AssignmentReason, Diversion
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import (
    Attempt,
    BreakerPhase,
    BulkheadName,
    Failed,
    Fate,
    Outcome,
    Served,
    Skip,
    UnitOutcome,
)
from segue.speech.core.speech import AudioFormat, SpeechRequest

if TYPE_CHECKING:
    from segue.kernel.ports.recorder import Recorder

SECRET = "meet me at the old well at midnight"
CHIRP_BULKHEAD = BulkheadName("google", "chirp3-hd")
WAVENET_BULKHEAD = BulkheadName("google", "wavenet")


def a_request(text: str = SECRET, identity: str = "ann@example.com") -> SpeechRequest:
    return SpeechRequest(
        text=text,
        character_key="ghoul",
        unit=Unit(identity, UnitSource.USER),
        request_id="r-1",
        dialect="native",
        audio_format=AudioFormat(),
    )


def a_served(outcome: Outcome = Outcome.SERVED, *, source: str = "new", text: str = SECRET) -> Served:
    """A request for the candidate; a failed one has no source."""
    failed = outcome is Outcome.FAILED
    fell_back = outcome is Outcome.SERVED_BY_FALLBACK
    return Served(
        request=a_request(text),
        character_key="ghoul",
        assignment=Assignment(Arm.CANDIDATE, AssignmentReason.IN_SHARE),
        arm=Arm.BASELINE if fell_back else Arm.CANDIDATE,
        model="wavenet" if fell_back else "chirp3-hd",
        outcome=outcome,
        source="" if failed else source,
        latency_s=0.25,
        diversion=Diversion.FALLBACK if fell_back else None,
        error=ErrorCode.DEADLINE if failed or fell_back else None,
        engine="google",
    )


def an_attempt(
    error: ErrorCode | None = None,
    *,
    duration_s: float = 0.2,
    arm: Arm = Arm.CANDIDATE,
    first_audio_s: float | None = None,
) -> Attempt:
    model = "chirp3-hd" if arm is Arm.CANDIDATE else "wavenet"
    detail = "" if error is None else "it did not answer"
    bulkhead = CHIRP_BULKHEAD if arm is Arm.CANDIDATE else WAVENET_BULKHEAD
    return Attempt(a_request(), arm, model, "ghoul", duration_s, error, detail, first_audio_s, bulkhead)


def everything_happens(recorder: Recorder) -> None:
    """Each event at least once: a hit, a miss, a rescue, a backup, a failure, a refusal."""
    recorder.looked_up("chirp3-hd", "memory")
    recorder.served(a_served(source="memory"))
    recorder.looked_up("chirp3-hd", None)
    recorder.attempted(an_attempt(first_audio_s=0.15))
    recorder.kept("chirp3-hd", "ghoul", 12_000)
    recorder.lost("chirp3-hd", "pitch")
    recorder.served(a_served())
    recorder.looked_up("chirp3-hd", None)
    recorder.attempted(an_attempt(ErrorCode.DEADLINE, duration_s=7.0))
    recorder.fell_back(a_request(), "ghoul", ErrorCode.DEADLINE)
    recorder.attempted(an_attempt(arm=Arm.BASELINE, duration_s=0.4))
    recorder.kept("wavenet", "ghoul", 9000)
    recorder.served(a_served(Outcome.SERVED_BY_FALLBACK))
    recorder.served(a_served(Outcome.FAILED))
    recorder.backed_up(Failed(a_request(), Arm.BASELINE, "wavenet", "ghoul", CHIRP_BULKHEAD, "breaker_open"))
    recorder.counted(UnitOutcome(Arm.CANDIDATE, "ghoul", (Fate.ASKED,), 0.2, 0.15))
    recorder.counted(UnitOutcome(Arm.CANDIDATE, "ghoul", (Fate.ASKED, Fate.ERROR, Fate.FALLBACK), 7.0))
    recorder.shadowed(an_attempt(first_audio_s=0.15))
    recorder.shadowed(an_attempt(ErrorCode.DEADLINE, duration_s=7.0))
    recorder.shadowed(an_attempt(), refused=True)
    recorder.shadow_skipped(Skip.BUDGET)
    recorder.rejected("native", ErrorCode.INVALID_REQUEST)
    recorder.breaker_changed(CHIRP_BULKHEAD, BreakerPhase.OPEN, 5)
    recorder.quota_spent(CHIRP_BULKHEAD, "requests")
    recorder.load_changed(CHIRP_BULKHEAD, 3, 2)
