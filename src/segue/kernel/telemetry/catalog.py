"""The catalogue of all metrics. Dashboards, alerts and documents use it, and the exporter is built from it.

Histogram edges include every threshold of the rollout's gates (1.5, 2, 2.5, 4, 5 and 10 s) and every threshold
that a gate on the first audio can have, so no gate depends on interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric, compared by identity. ``across_workers`` is how the gauges of several processes are combined."""

    name: str
    kind: MetricKind
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
    MetricKind.COUNTER,
    "Calls to an arm's engine, by result. Cache hits are not counted. A failure that the baseline covered for "
    "counts as one error here and one success of the baseline.",
    ("voice_model", "character_key", "status"),
)
SYNTHESIS_DURATION = Metric(
    "tts_synthesis_duration_seconds",
    MetricKind.HISTOGRAM,
    "The engine's own time for calls that succeeded or timed out.",
    ("voice_model", "character_key"),
    SYNTHESIS_SECONDS,
)
FIRST_AUDIO = Metric(
    "tts_first_audio_seconds",
    MetricKind.HISTOGRAM,
    "The engine's own time to the first sound of a stream, for calls that succeeded or timed out. Audio that was "
    "not streamed is not counted.",
    ("voice_model", "character_key"),
    FIRST_AUDIO_SECONDS,
)
CACHE_HITS = Metric(
    "tts_cache_hits_total",
    MetricKind.COUNTER,
    "Requests answered from a cache, by cache.",
    ("voice_model", "source"),
)
CACHE_MISSES = Metric(
    "tts_cache_misses_total", MetricKind.COUNTER, "Requests that no cache could answer.", ("voice_model",)
)
FILE_SIZE = Metric(
    "tts_audio_file_size_bytes",
    MetricKind.HISTOGRAM,
    "Encoded size of newly synthesized audio.",
    ("voice_model", "character_key"),
    FILE_BYTES,
)
FALLBACKS = Metric(
    "tts_chirp3_fallback_total",
    MetricKind.COUNTER,
    "Requests for which the baseline was used because the candidate failed, by kind of failure.",
    ("character_key", "error_type"),
)
REQUESTS_BY_CHARACTER = Metric(
    "tts_requests_by_character_total",
    MetricKind.COUNTER,
    "Requests answered, by character and by the model that answered.",
    ("character_key", "voice_model"),
)
TEXT_LENGTH = Metric(
    "tts_text_length_characters",
    MetricKind.HISTOGRAM,
    "Length of the texts sent to engines.",
    ("voice_model", "character_key"),
    TEXT_CHARS,
)
REQUESTS = Metric(
    "tts_requests_total",
    MetricKind.COUNTER,
    "Requests by outcome: served by the intended arm, served by the fallback, or failed.",
    ("outcome",),
)
REQUEST_DURATION = Metric(
    "tts_request_duration_seconds",
    MetricKind.HISTOGRAM,
    "Time from a request's arrival to its response, by where the audio came from. Audio from memory is not timed, "
    "because measuring it would make the request slower.",
    ("source",),
    REQUEST_SECONDS,
)
SYNTHESIS_ERRORS = Metric(
    "segue_synthesis_errors_total",
    MetricKind.COUNTER,
    "Failed calls to engines, by kind; bad_audio is audio that failed the inspection.",
    ("voice_model", "character_key", "error_type"),
)
ENGINE_SYNTHESIS = Metric(
    "segue_engine_synthesis_total",
    MetricKind.COUNTER,
    "The same calls by engine and voice family; an arm can have several engines.",
    ("voice_model", "engine", "family", "status"),
)
BACKUPS = Metric(
    "segue_backups_total",
    MetricKind.COUNTER,
    "Calls to a backup on the same arm because the voice before it failed or was not called, by the engine that "
    "failed and by kind of failure.",
    ("voice_model", "character_key", "engine", "error_type"),
)
ASSIGNMENTS = Metric(
    "segue_assignments_total",
    MetricKind.COUNTER,
    "Assignments, by arm, by reason, and by where the unit's identity came from.",
    ("arm", "reason", "unit"),
)
DIVERSIONS = Metric(
    "segue_diversions_total",
    MetricKind.COUNTER,
    "Requests answered by another arm than the assigned one, by reason.",
    ("character_key", "diversion"),
)
UNITS = Metric(
    "segue_units_total",
    MetricKind.COUNTER,
    "Units of evidence, as each worker counts them (a listener's first attempt at an arm within a period), by "
    "what happened to them; asked applies to all.",
    ("arm", "character_key", "fate"),
)
UNIT_DURATION = Metric(
    "segue_unit_duration_seconds",
    MetricKind.HISTOGRAM,
    "The engine's own time for units that succeeded or timed out, in the buckets that gates use.",
    ("arm", "character_key"),
    EDGES_S,
)
UNIT_FIRST_AUDIO = Metric(
    "segue_unit_first_audio_seconds",
    MetricKind.HISTOGRAM,
    "The engine's own time to the first sound, for units that were streams, in the buckets that gates use.",
    ("arm", "character_key"),
    FIRST_AUDIO_EDGES_S,
)
SHADOW = Metric(
    "segue_shadow_total",
    MetricKind.COUNTER,
    "Shadow requests (answered by the baseline, also sent to the candidate, not heard by a listener), by result; "
    "refused means that the breaker refused the call. They are not counted in tts_synthesis_total.",
    ("voice_model", "character_key", "status"),
)
SHADOW_ERRORS = Metric(
    "segue_shadow_errors_total",
    MetricKind.COUNTER,
    "Shadow requests that failed, by kind.",
    ("voice_model", "character_key", "error_type"),
)
SHADOW_DURATION = Metric(
    "segue_shadow_duration_seconds",
    MetricKind.HISTOGRAM,
    "The engine's own time for shadow requests that succeeded or timed out.",
    ("voice_model", "character_key"),
    SYNTHESIS_SECONDS,
)
SHADOW_FIRST_AUDIO = Metric(
    "segue_shadow_first_audio_seconds",
    MetricKind.HISTOGRAM,
    "The engine's own time to the first sound, for shadow requests that the listener heard as streams.",
    ("voice_model", "character_key"),
    FIRST_AUDIO_SECONDS,
)
SHADOW_SKIPPED = Metric(
    "segue_shadow_skipped_total",
    MetricKind.COUNTER,
    "Shadow requests that were chosen but not made, by reason.",
    ("reason",),
)
SHADOW_CHARACTERS = Metric(
    "segue_shadow_characters_total",
    MetricKind.COUNTER,
    "Characters of text in shadow requests to the candidate.",
)
_USER = ("key", "arm", "voice", "character_key")
USED_REQUESTS = Metric(
    "segue_usage_requests_total",
    MetricKind.COUNTER,
    "Requests answered with audio, also from a cache, by the name of the caller's API key. It is empty "
    "unless SEGUE_METRICS_KEY_NAMES is true, or if no keys are required. Keys after the first 200 that a process "
    "meets are counted together as (other).",
    _USER,
)
USED_CHARACTERS = Metric(
    "segue_usage_characters_total",
    MetricKind.COUNTER,
    "Characters of text in these requests.",
    _USER,
)
USED_SYNTHESIZED = Metric(
    "segue_usage_synthesized_characters_total",
    MetricKind.COUNTER,
    "Characters of text of which engines made audio, for listeners and for shadow requests.",
    _USER,
)
USED_COST = Metric(
    "segue_usage_cost_usd_total",
    MetricKind.COUNTER,
    "The price of these synthesized characters in US dollars, as far as the catalogue has prices.",
    _USER,
)
REJECTED = Metric(
    "segue_rejected_total", MetricKind.COUNTER, "Requests refused because they are invalid.", ("dialect", "code")
)
TURNED_AWAY = Metric(
    "segue_turned_away_total",
    MetricKind.COUNTER,
    "Connections and requests refused before they were parsed: too many connections (in_all, by_address), headers "
    "too large or too slow (header_bytes, header_time), too many parts of a body (body_parts), too many requests "
    "queued behind an unanswered one (pipelined), not HTTP (malformed), a host name or content type that is not "
    "served (host, content_type), a wrong operator token (token), no valid API key (key), a key that may not do "
    "this (permission), too many wrong keys (guesses), keys that cannot be read (keys_unread). After "
    "the text was read: a limit of the key (limit). With door "
    "synthesis: requests for which neither arm had capacity in time (overloaded).",
    ("door", "reason"),
)
_WITH_KEYS = ("native", "openai", "elevenlabs", "google", "wyoming")
OVERLOADED = ("synthesis", "overloaded")
TURNS = (
    *(("http", reason) for reason in ("in_all", "by_address", "header_bytes", "header_time")),
    *(("http", reason) for reason in ("body_parts", "pipelined", "malformed", "host", "content_type")),
    *(("wyoming", reason) for reason in ("in_all", "by_address")),
    ("google_grpc", "by_address"),
    ("control", "token"),
    *(
        (door, reason)
        for door in _WITH_KEYS
        for reason in ("key", "permission", "guesses", "keys_unread", "limit")
    ),
    *(("control", reason) for reason in ("permission", "guesses", "keys_unread")),
    OVERLOADED,
)
"""Its label values.

All series exist from the start, because an alert on a counter's increase misses its first step.
"""

CONTROLS_LOST = Metric(
    "segue_controls_lost_total",
    MetricKind.COUNTER,
    "Settings of requests that a voice could not apply as requested; the response names each.",
    ("voice_model", "control"),
)
BREAKER_OPEN = Metric(
    "segue_breaker_open",
    MetricKind.GAUGE,
    "1 while a breaker refuses calls to an engine's voice family.",
    ("engine", "family"),
    across_workers="livemax",
)
QUOTA_SPENT = Metric(
    "segue_quota_spent_total",
    MetricKind.COUNTER,
    "Times a quota was used up; the request went to the baseline and does not count against the arm.",
    ("engine", "family", "limit"),
)
RUNNING = Metric(
    "segue_synthesis_running",
    MetricKind.GAUGE,
    "Syntheses in progress.",
    ("engine", "family"),
    across_workers="livesum",
)
WAITING = Metric(
    "segue_synthesis_waiting",
    MetricKind.GAUGE,
    "Syntheses that wait in the queue.",
    ("engine", "family"),
    across_workers="livesum",
)
SHARE = Metric(
    "segue_candidate_share_ratio",
    MetricKind.GAUGE,
    "The candidate's share in force, 0 to 1; 0 while the master switch is off.",
    across_workers="livemin",
)
REVISION = Metric(
    "segue_rollout_revision",
    MetricKind.GAUGE,
    "Revision of the routing in force; the lowest among all workers.",
    across_workers="livemin",
)
ARMS = Metric(
    "segue_arm_info",
    MetricKind.GAUGE,
    "1 for the model of an arm.",
    ("arm", "voice_model"),
    across_workers="livemax",
)
ACTING = Metric(
    "segue_rollout_acting",
    MetricKind.GAUGE,
    "1 on the replica that controls the rollout. Only that replica sets the other rollout gauges; elsewhere "
    "they are 0.",
    across_workers="livemax",
)
STAGE = Metric(
    "segue_rollout_stage", MetricKind.GAUGE, "Number of the rollout's stage, from 0.", across_workers="livemax"
)
STEP = Metric(
    "segue_rollout_step",
    MetricKind.GAUGE,
    "Number of the step within the stage, from 0.",
    across_workers="livemax",
)
PHASE = Metric(
    "segue_rollout_phase",
    MetricKind.GAUGE,
    "1 for the phase that the rollout is in.",
    ("phase",),
    across_workers="livemax",
)
HELD = Metric(
    "segue_rollout_held_seconds",
    MetricKind.GAUGE,
    "How long the step has lasted, without time that does not count.",
    across_workers="livemax",
)
HOLD = Metric(
    "segue_rollout_hold_seconds",
    MetricKind.GAUGE,
    "The step's hold: how long it lasts at least.",
    across_workers="livemax",
)
HOLD_OVER = Metric(
    "segue_rollout_hold_over",
    MetricKind.GAUGE,
    "1 while a step's hold is over but the step has not ended.",
    across_workers="livemax",
)
STUCK = Metric(
    "segue_rollout_stuck",
    MetricKind.GAUGE,
    "1 while a step has lasted longer than the plan's progress deadline.",
    across_workers="livemax",
)
UNREADABLE = Metric(
    "segue_rollout_metrics_unreadable",
    MetricKind.GAUGE,
    "1 while the judge cannot read its source of metrics.",
    across_workers="livemax",
)
LOOKED = Metric(
    "segue_rollout_looked_timestamp_seconds",
    MetricKind.GAUGE,
    "When the judge last read the evidence, as Unix time.",
    across_workers="livemax",
)
TRANSITIONS = Metric(
    "segue_rollout_transitions_total",
    MetricKind.COUNTER,
    "Entries of the rollout's history that this replica wrote, by kind and by severity of the alarm.",
    ("kind", "trigger"),
)
NOTICES = Metric(
    "segue_notices_total",
    MetricKind.COUNTER,
    "Notices to webhooks and chats, by result after all retries.",
    ("target_kind", "outcome"),
)
GATE = Metric(
    "segue_gate_bad_ratio",
    MetricKind.GAUGE,
    "A gate's rate of bad cases since the step began (for a mean: the mean as a part of the longest time that a "
    "call may take), as estimate and as the low and high ends of its interval.",
    ("gate", "arm", "bound"),
    across_workers="livemax",
)
GATE_BOUNDARY = Metric(
    "segue_gate_boundary_ratio",
    MetricKind.GAUGE,
    "A gate's target as a rate of bad cases; 0 while the gate is not evaluated.",
    ("gate",),
    across_workers="livemax",
)
GATE_DIFFERENCE = Metric(
    "segue_gate_difference_ratio",
    MetricKind.GAUGE,
    "The candidate's rate of bad cases minus the baseline's, as estimate and as the ends of its interval; above 0 "
    "the candidate is worse.",
    ("gate", "bound"),
    across_workers="livesum",
)
DISK_FREE = Metric(
    "segue_disk_free_bytes",
    MetricKind.GAUGE,
    "Free space on the disk of the data directory; 0 if the disk does not respond.",
    across_workers="livemin",
)
DISK_SHORT = Metric(
    "segue_disk_short",
    MetricKind.GAUGE,
    "1 while free space is below SEGUE_MIN_FREE_BYTES: no audio is stored in files, and long texts are refused.",
    across_workers="livemax",
)
CACHE_LEFT_ALONE = Metric(
    "segue_cache_left_alone",
    MetricKind.GAUGE,
    "1 while the audio cache on disk, or in a bucket, is bypassed because that does not respond: audio is "
    "synthesized again.",
    across_workers="livemax",
)
PROCESSES = Metric(
    "segue_worker_processes",
    MetricKind.GAUGE,
    "Worker processes of this replica: each counts units on its own, so a listener counts once in each of them.",
    across_workers="livesum",
)
BUILD = Metric(
    "segue_build_info", MetricKind.GAUGE, "1, labelled with the version.", ("version",), across_workers="max"
)

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
    ENGINE_SYNTHESIS,
    BACKUPS,
    SYNTHESIS_ERRORS,
    ASSIGNMENTS,
    DIVERSIONS,
    UNITS,
    UNIT_DURATION,
    UNIT_FIRST_AUDIO,
    SHADOW,
    SHADOW_ERRORS,
    SHADOW_DURATION,
    SHADOW_FIRST_AUDIO,
    SHADOW_SKIPPED,
    SHADOW_CHARACTERS,
    USED_REQUESTS,
    USED_CHARACTERS,
    USED_SYNTHESIZED,
    USED_COST,
    REJECTED,
    TURNED_AWAY,
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
    DISK_FREE,
    DISK_SHORT,
    CACHE_LEFT_ALONE,
    PROCESSES,
    BUILD,
)
