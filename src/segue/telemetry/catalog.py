"""Every metric, once. Dashboards, alerts and documents read this list; the exporter is built from it.

Histogram edges hold every threshold of the rollout's gates (1.5, 2, 2.5, 4, 5 and 10 s), and every one that a gate
on the first audio may have, so that no gate is judged by interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric, equal to itself alone. ``across_workers`` is how a gauge of several processes is made one."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    across_workers: str = "sum"


SYNTHESIS_SECONDS = (
    0.05,
    0.1,
    0.2,
    0.35,
    0.5,
    0.75,
    1.0,
    1.5,
    2.0,
    2.5,
    3.0,
    4.0,
    5.0,
    7.5,
    10.0,
    15.0,
    20.0,
    30.0,
)
FIRST_AUDIO_SECONDS = (0.02, 0.05, *FIRST_AUDIO_EDGES_S, 10.0)
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, *SYNTHESIS_SECONDS)
FILE_BYTES = (1e3, 4e3, 1e4, 3e4, 6e4, 1e5, 2e5, 4e5, 8e5, 1.6e6, 5e6, 2e7)
TEXT_CHARS = (10.0, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 5000.0)

SYNTHESIS = Metric(
    "tts_synthesis_total",
    Kind.COUNTER,
    "Attempts at an arm's engine, by how they ended. Cache hits are none; a failure that the baseline made good "
    "counts one error here and one success of the baseline.",
    ("voice_model", "character_key", "status"),
)
SYNTHESIS_DURATION = Metric(
    "tts_synthesis_duration_seconds",
    Kind.HISTOGRAM,
    "The engine's own time for attempts that succeeded or ran out of time.",
    ("voice_model", "character_key"),
    SYNTHESIS_SECONDS,
)
FIRST_AUDIO = Metric(
    "tts_first_audio_seconds",
    Kind.HISTOGRAM,
    "The engine's own time to the first sound of a stream, of attempts that succeeded or ran out of time. Audio "
    "that was asked for whole is not among them.",
    ("voice_model", "character_key"),
    FIRST_AUDIO_SECONDS,
)
CACHE_HITS = Metric(
    "tts_cache_hits_total",
    Kind.COUNTER,
    "Requests answered from a cache, by which.",
    ("voice_model", "source"),
)
CACHE_MISSES = Metric(
    "tts_cache_misses_total", Kind.COUNTER, "Requests that no cache could answer.", ("voice_model",)
)
FILE_SIZE = Metric(
    "tts_audio_file_size_bytes",
    Kind.HISTOGRAM,
    "Encoded size of newly made audio.",
    ("voice_model", "character_key"),
    FILE_BYTES,
)
FALLBACKS = Metric(
    "tts_chirp3_fallback_total",
    Kind.COUNTER,
    "Requests for which the baseline was asked because the candidate failed, by the kind of failure.",
    ("character_key", "error_type"),
)
REQUESTS_BY_CHARACTER = Metric(
    "tts_requests_by_character_total",
    Kind.COUNTER,
    "Requests answered, by the character and the model that was heard.",
    ("character_key", "voice_model"),
)
TEXT_LENGTH = Metric(
    "tts_text_length_characters",
    Kind.HISTOGRAM,
    "Length of the texts that engines were asked for.",
    ("voice_model", "character_key"),
    TEXT_CHARS,
)
REQUESTS = Metric(
    "tts_requests_total",
    Kind.COUNTER,
    "What the listener got: served by the arm meant, served by the fallback, or failed.",
    ("outcome",),
)
REQUEST_DURATION = Metric(
    "tts_request_duration_seconds",
    Kind.HISTOGRAM,
    "From a request's arrival to its answer, by where the audio came from. Audio from memory is not timed: "
    "timing it would take longer.",
    ("source",),
    REQUEST_SECONDS,
)
SYNTHESIS_ERRORS = Metric(
    "segue_synthesis_errors_total",
    Kind.COUNTER,
    "Attempts that failed, by kind; bad_audio is audio that was refused after listening to it.",
    ("voice_model", "character_key", "error_type"),
)
ASSIGNMENTS = Metric(
    "segue_assignments_total",
    Kind.COUNTER,
    "Decisions, by arm and reason, and where the unit's identity came from.",
    ("arm", "reason", "unit"),
)
DIVERSIONS = Metric(
    "segue_diversions_total",
    Kind.COUNTER,
    "Requests answered by another arm than the assigned one, by why.",
    ("character_key", "diversion"),
)
UNITS = Metric(
    "segue_units_total",
    Kind.COUNTER,
    "Units of evidence, as the judge counts them: a listener's first attempt at an arm in a while, by what became "
    "of it; asked is true of all.",
    ("arm", "character_key", "fate"),
)
UNIT_DURATION = Metric(
    "segue_unit_duration_seconds",
    Kind.HISTOGRAM,
    "The engine's own time for units that succeeded or ran out of time, at the edges that gates can tell apart.",
    ("arm", "character_key"),
    EDGES_S,
)
UNIT_FIRST_AUDIO = Metric(
    "segue_unit_first_audio_seconds",
    Kind.HISTOGRAM,
    "The engine's own time to the first sound, for those of these units that were streams, at the edges that "
    "gates can tell apart.",
    ("arm", "character_key"),
    FIRST_AUDIO_EDGES_S,
)
REJECTED = Metric(
    "segue_rejected_total", Kind.COUNTER, "Requests refused as the caller's mistake.", ("dialect", "code")
)
CONTROLS_LOST = Metric(
    "segue_controls_lost_total",
    Kind.COUNTER,
    "Settings of requests that a voice could not take over as asked; each was named in the answer.",
    ("voice_model", "control"),
)
BREAKER_OPEN = Metric(
    "segue_breaker_open",
    Kind.GAUGE,
    "1 while a breaker keeps calls away from an engine's voice family.",
    ("engine", "family"),
    across_workers="livemax",
)
QUOTA_SPENT = Metric(
    "segue_quota_spent_total",
    Kind.COUNTER,
    "Times a quota was found spent; the request went to the baseline and the arm was not blamed.",
    ("engine", "family", "limit"),
)
RUNNING = Metric(
    "segue_synthesis_running",
    Kind.GAUGE,
    "Syntheses under way.",
    ("engine", "family"),
    across_workers="livesum",
)
WAITING = Metric(
    "segue_synthesis_waiting",
    Kind.GAUGE,
    "Syntheses waiting for their turn.",
    ("engine", "family"),
    across_workers="livesum",
)
SHARE = Metric(
    "segue_candidate_share_ratio",
    Kind.GAUGE,
    "The candidate's share in force, 0 to 1; 0 while the master switch is off.",
    across_workers="livemin",
)
REVISION = Metric(
    "segue_rollout_revision",
    Kind.GAUGE,
    "Revision of the routing in force; the lowest of all workers.",
    across_workers="livemin",
)
ARMS = Metric(
    "segue_arm_info",
    Kind.GAUGE,
    "1 for the model that stands behind an arm.",
    ("arm", "voice_model"),
    across_workers="livemax",
)
ACTING = Metric(
    "segue_rollout_acting",
    Kind.GAUGE,
    "1 on the replica that moves the rollout. Its other gauges are that one's word; elsewhere they are 0.",
    across_workers="livemax",
)
STAGE = Metric(
    "segue_rollout_stage", Kind.GAUGE, "Number of the rollout's stage, from 0.", across_workers="livemax"
)
STEP = Metric(
    "segue_rollout_step", Kind.GAUGE, "Number of the step within the stage, from 0.", across_workers="livemax"
)
PHASE = Metric(
    "segue_rollout_phase",
    Kind.GAUGE,
    "1 for the phase that the rollout is in.",
    ("phase",),
    across_workers="livemax",
)
HELD = Metric(
    "segue_rollout_held_seconds", Kind.GAUGE, "How long the step has been held.", across_workers="livemax"
)
HOLD = Metric(
    "segue_rollout_hold_seconds", Kind.GAUGE, "How long the step is to be held.", across_workers="livemax"
)
HOLD_OVER = Metric(
    "segue_rollout_hold_over",
    Kind.GAUGE,
    "1 while a step has been held as long as it should and has not ended.",
    across_workers="livemax",
)
STUCK = Metric(
    "segue_rollout_stuck",
    Kind.GAUGE,
    "1 while a step should have ended long ago, by the plan's progress deadline.",
    across_workers="livemax",
)
UNREADABLE = Metric(
    "segue_rollout_metrics_unreadable",
    Kind.GAUGE,
    "1 while the judge cannot read its source of metrics.",
    across_workers="livemax",
)
LOOKED = Metric(
    "segue_rollout_looked_timestamp_seconds",
    Kind.GAUGE,
    "When the judge last looked, as Unix time.",
    across_workers="livemax",
)
TRANSITIONS = Metric(
    "segue_rollout_transitions_total",
    Kind.COUNTER,
    "Entries of the rollout's history that this replica wrote, by kind and by how grave the trouble was.",
    ("kind", "trigger"),
)
NOTICES = Metric(
    "segue_notices_total",
    Kind.COUNTER,
    "Notices to webhooks and chats, by what became of them after all tries.",
    ("target_kind", "outcome"),
)
GATE = Metric(
    "segue_gate_bad_ratio",
    Kind.GAUGE,
    "A gate since the step began: the rate of bad cases (for a mean, the part used of the longest time a call may "
    "take), as estimate and as the low and high ends of its interval.",
    ("gate", "arm", "bound"),
    across_workers="livemax",
)
GATE_BOUNDARY = Metric(
    "segue_gate_boundary_ratio",
    Kind.GAUGE,
    "The rate of bad cases at which a gate's target lies; 0 while the gate is not read.",
    ("gate",),
    across_workers="livemax",
)
GATE_DIFFERENCE = Metric(
    "segue_gate_difference_ratio",
    Kind.GAUGE,
    "The candidate's rate of bad cases minus the baseline's, as estimate and as the ends of its interval: above 0 "
    "the candidate is worse.",
    ("gate", "bound"),
    across_workers="livesum",
)
BUILD = Metric("segue_build_info", Kind.GAUGE, "1, labelled with the version.", ("version",), across_workers="max")

METRICS: tuple[Metric, ...] = (
    SYNTHESIS,
    SYNTHESIS_DURATION,
    FIRST_AUDIO,
    CACHE_HITS,
    CACHE_MISSES,
    FILE_SIZE,
    FALLBACKS,
    REQUESTS_BY_CHARACTER,
    TEXT_LENGTH,
    REQUESTS,
    REQUEST_DURATION,
    SYNTHESIS_ERRORS,
    ASSIGNMENTS,
    DIVERSIONS,
    UNITS,
    UNIT_DURATION,
    UNIT_FIRST_AUDIO,
    REJECTED,
    CONTROLS_LOST,
    BREAKER_OPEN,
    QUOTA_SPENT,
    RUNNING,
    WAITING,
    SHARE,
    REVISION,
    ARMS,
    ACTING,
    STAGE,
    STEP,
    PHASE,
    HELD,
    HOLD,
    HOLD_OVER,
    STUCK,
    UNREADABLE,
    LOOKED,
    TRANSITIONS,
    NOTICES,
    GATE,
    GATE_BOUNDARY,
    GATE_DIFFERENCE,
    BUILD,
)
