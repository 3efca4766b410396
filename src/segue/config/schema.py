"""The one list of settings. Flags, names of variables and the documents come from it.

A setting is read from the environment, else from the settings file, else it is its default. The four
``CHIRP3_`` variables describe the rollout at boot; all others start with ``SEGUE_``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr

from segue.config.documents import Document

MIB = 1024 * 1024
DAY_S = 86_400.0
_HEADER_NAME = r"^[A-Za-z0-9_.-]{1,64}$"


def _from_commas(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


CommaList = Annotated[tuple[str, ...], BeforeValidator(_from_commas)]

UnitName = Literal["user", "end_user", "session", "cookie", "key"]


class Settings(Document):
    """Everything an operator can set."""

    chirp3_enabled: bool = Field(
        default=False,
        description="Master switch. Off: everything is answered by the baseline, whatever else is set. Set to "
        "false in the environment it cannot be switched on while the service runs.",
    )
    chirp3_rollout_percentage: float = Field(
        default=0.0, ge=0, le=100, description="Share of users on the candidate at boot, in percent."
    )
    chirp3_enabled_characters: CommaList = Field(
        default=(), description="Characters that may use the candidate, by commas. Empty: all."
    )
    chirp3_fallback_to_wavenet: bool = Field(
        default=True, description="Whether the baseline answers where the candidate fails."
    )

    profile: str = Field(
        default="embedded", description="Catalogue of voices: embedded, google, or the path of a YAML file."
    )
    pronunciations: Path | None = Field(
        default=None,
        description="YAML file of the house's pronunciations, said wherever a request brings none of its own.",
    )
    pitch_emulation_max_semitones: float = Field(
        default=3.0,
        ge=0,
        le=12,
        description="How far pitch is shifted by signal processing where a voice has no control; 0: not at all.",
    )
    rollout_id: str = Field(
        default="chirp3",
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Names the rollout; it salts the assignment of users, so a new name deals anew.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes.")
    public_url: str = Field(
        default="", description="Base of the URLs in answers, where it is not the address callers use."
    )
    google_grpc_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port of Google's gRPC interface; 0 picks a free one. Unset: there is none. Needs the extra "
        "google.",
    )
    google_grpc_tls_cert: Path | None = Field(
        default=None, description="PEM file of its certificate chain. Unset: plain gRPC without TLS."
    )
    google_grpc_tls_key: Path | None = Field(default=None, description="PEM file of that certificate's key.")
    wyoming_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port of Home Assistant's protocol, Wyoming; 0 picks a free one. Unset: there is none. Needs "
        "the extra wyoming.",
    )
    admin_token: SecretStr | None = Field(
        default=None, description="Bearer token of the control API. Unset: the control API is closed."
    )
    data_dir: Path = Field(default=Path("var"), description="Where state and cached audio are kept.")
    store_url: SecretStr | None = Field(
        default=None,
        description="Database of the rollout's history, sqlite:///path or postgresql://user@host:port/database. "
        "Unset: SQLite in the data directory.",
    )
    controller_lease_s: float = Field(
        default=10.0,
        gt=0,
        le=15,
        description="How long the replica that moves the rollout is waited for before another takes over.",
    )
    prometheus_url: SecretStr | None = Field(
        default=None,
        description="Prometheus server to read the judge's evidence from. Unset: what the workers wrote.",
    )
    prometheus_selector: str = Field(
        default="", description='Label matchers that narrow the series read from it, such as job="segue".'
    )
    rollout_file: Path | None = Field(
        default=None, description="File of CHIRP3_ lines, read again when it changes or on SIGHUP."
    )

    webhook_urls: SecretStr | None = Field(
        default=None, description="URLs, by commas, to which transitions, alerts and wanted approvals are posted."
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="Signs what is posted to them (HMAC-SHA256). Unset: not signed."
    )
    notify_urls: SecretStr | None = Field(
        default=None,
        description="URLs of chats, by commas, in apprise's form; needs the extra notify.",
    )

    unit_sources: Annotated[tuple[UnitName, ...], BeforeValidator(_from_commas)] = Field(
        default=("user", "end_user", "session", "cookie", "key"),
        description="Whom an assignment sticks to: the first of these that a request names, else the request "
        "alone. Take out key where many listeners share one API key.",
    )
    unit_end_user_header: str = Field(
        default="X-End-User",
        pattern=_HEADER_NAME,
        description="Header in which an app names its end user, where the body does not.",
    )
    unit_cookie: str = Field(
        default="segue_unit", pattern=_HEADER_NAME, description="Cookie that holds a listener's name."
    )

    cache_memory_bytes: int = Field(default=128 * MIB, ge=0, description="Audio kept in memory, per worker.")
    cache_disk_bytes: int = Field(default=2048 * MIB, ge=0, description="Audio kept in files; 0: none.")
    cache_max_age_s: float = Field(default=30 * DAY_S, gt=0, description="Age at which kept audio is forgotten.")

    request_timeout_s: float = Field(default=20.0, gt=0, le=600, description="Longest time to answer.")
    fallback_reserve_s: float = Field(
        default=5.0, gt=0, description="Part of that time kept for the baseline while the candidate is asked."
    )
    stream_gap_s: float = Field(
        default=10.0, gt=0, le=600, description="Longest silence of an engine in the middle of a stream."
    )
    stream_on_failure: Literal["continue", "end"] = Field(
        default="continue",
        description="When the candidate breaks off in a stream: the baseline goes on from the next sentence, or "
        "the stream ends.",
    )
    jobs_at_once: int = Field(default=2, ge=1, le=64, description="Long texts made at once, per worker.")
    jobs_calls: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Calls at once for long texts, by voice family and worker; the rest is for who listens.",
    )
    jobs_waiting: int = Field(default=32, ge=0, description="Long texts waiting behind them; more get 503.")
    jobs_kept_s: float = Field(default=DAY_S, gt=0, description="How long finished long texts are kept.")
    level: bool = Field(default=True, description="Whether both arms are brought to one loudness.")
    level_lufs: float = Field(default=-16.0, ge=-40, le=-5, description="That loudness, in LUFS (BS.1770).")
    max_concurrency: int = Field(default=16, ge=1, description="Syntheses at once, by voice family and worker.")
    max_queue: int = Field(default=256, ge=0, description="Syntheses waiting for their turn; more get 503.")
    max_input_chars: int = Field(
        default=5000,
        ge=1,
        le=100_000,
        description="Longest text at the doors of OpenAI, ElevenLabs, Google and Wyoming. OpenAI's own limit is "
        "4096.",
    )
    max_body_bytes: int = Field(default=256 * 1024, ge=1024, description="Largest request body.")
    breaker_failures: int = Field(
        default=5, ge=0, description="Failures in a row after which an engine is left alone; 0: never."
    )
    breaker_cool_down_s: float = Field(default=5.0, gt=0, description="How long before it is tried again.")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="json, console, or auto: colours at a terminal, else JSON."
    )
    access_log: Literal["none", "synthesis", "all"] = Field(
        default="synthesis", description="Answered requests logged: none, synthesis (not cache hits), all."
    )
    log_text: bool = Field(default=False, description="Whether lines about requests hold their text.")
    fault_injection: bool = Field(
        default=False, description="Whether the control API may break engines on purpose. For staging only."
    )


def env_name(field: str) -> str:
    """The variable of a setting: ``CHIRP3_ENABLED``, ``SEGUE_PORT``."""
    upper = field.upper()
    return upper if upper.startswith("CHIRP3_") else f"SEGUE_{upper}"
