"""The list of all settings. Flags, environment variables and documentation are generated from it.

A setting comes from the environment, else from the settings file, else it has its default. The four ``CHIRP3_``
variables set the rollout's state at boot; all others start with ``SEGUE_``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from segue.config.documents import Document

MIB = 1024 * 1024
DAY_S = 86_400.0
_HEADER_NAME = r"^[A-Za-z0-9_.-]{1,64}$"


def _from_commas(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


CommaList = Annotated[tuple[str, ...], BeforeValidator(_from_commas)]

UnitName = Literal["user", "end_user", "session", "cookie", "key"]


class Settings(Document):
    """All settings of the service."""

    chirp3_enabled: bool = Field(
        default=False,
        description="Master switch. Off: the baseline answers all requests, regardless of the other settings. If "
        "the environment sets it to false, no rollout file, command or plan can switch it on.",
    )
    chirp3_rollout_percentage: float = Field(
        default=0.0, ge=0, le=100, description="Share of users on the candidate at boot, in percent."
    )
    chirp3_enabled_characters: CommaList = Field(
        default=(), description="Characters that may use the candidate, separated by commas. Empty: all."
    )
    chirp3_fallback_to_wavenet: bool = Field(
        default=True, description="Whether the baseline answers if the candidate fails."
    )

    profile: str = Field(
        default="embedded",
        description="Catalogue of voices: embedded, kokoro, google, or the path of a YAML file.",
    )
    pronunciations: Path | None = Field(
        default=None,
        description="YAML file with your pronunciations. They apply to each word for which a request gives no "
        "pronunciation of its own.",
    )
    pitch_emulation_max_semitones: float = Field(
        default=3.0,
        ge=0,
        le=12,
        description="Largest pitch shift by signal processing for voices without a pitch control; 0: no shift.",
    )
    rollout_id: str = Field(
        default="chirp3",
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of the rollout. The history and the assignment of listeners belong to it; a new name "
        "reassigns all listeners.",
    )
    assignment_salt: SecretStr | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        description="Secret that the assignment of listeners is computed from; the same on all replicas. Unset: "
        "generated at the rollout's first start and kept in the store.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes.")
    max_connections: int | None = Field(
        default=None,
        ge=16,
        description="Maximum number of open connections per worker. Unset: as many as the limit of open files "
        "allows, at most 10,000.",
    )
    max_connections_per_address: int = Field(
        default=256,
        ge=0,
        description="Maximum number of open connections per worker from one IPv4 address or one IPv6 /64 "
        "network; 0: no limit. Does not apply to trusted proxies.",
    )
    max_header_bytes: int = Field(
        default=64 * 1024, ge=4096, le=MIB, description="Maximum size of a request's URL and headers together."
    )
    header_timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Maximum time from a request's first byte to the end of its headers.",
    )
    keep_alive_s: float = Field(
        default=75.0,
        gt=0,
        le=3600,
        description="How long an idle connection stays open. Set it longer than the idle timeout of your load "
        "balancer.",
    )
    drain_s: float = Field(
        default=5.0,
        ge=0,
        le=600,
        description="How long new requests are still served after SIGTERM, while health/ready returns 503.",
    )
    stop_grace_s: float = Field(
        default=20.0,
        gt=0,
        le=3600,
        description="How long responses in progress may still take after SEGUE_DRAIN_S; then streams are cut off.",
    )
    trusted_proxies: CommaList = Field(
        default=("127.0.0.1", "::1"),
        description="Addresses and networks, separated by commas, whose X-Forwarded-For and X-Forwarded-Proto "
        "headers are trusted; none: trust no address.",
    )
    allowed_hosts: CommaList = Field(
        default=(),
        description="Host names, separated by commas, that requests may use for the service; *.example.com allows "
        "all subdomains, * any name. Unset: only loopback names if the service listens on loopback and no trusted "
        "proxies are set, otherwise any name.",
    )
    cors_origins: CommaList = Field(
        default=(),
        description="Origins of web pages, separated by commas, whose scripts may call the service; * for any. "
        "Unset: none.",
    )
    api_docs: bool = Field(default=True, description="Whether /docs and /openapi.json are served.")
    metrics: bool = Field(
        default=True,
        description="Whether the metrics endpoints are served. They need no token.",
    )
    metrics_key_names: bool = Field(
        default=False,
        description="Whether the metrics of usage name the API keys. Everyone who may read the metrics then sees "
        "them.",
    )
    public_url: str = Field(
        default="",
        description="Base of the URLs in responses. Empty: the address that the request was sent to.",
    )
    google_grpc_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port of the Google-compatible gRPC API; 0 picks a free one. Unset: off. Needs the extra "
        "google.",
    )
    google_grpc_tls_cert: Path | None = Field(
        default=None, description="PEM file with the gRPC API's certificate chain. Unset: gRPC without TLS."
    )
    google_grpc_tls_key: Path | None = Field(
        default=None, description="PEM file with the private key of SEGUE_GOOGLE_GRPC_TLS_CERT."
    )
    wyoming_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port of the API for Wyoming, the protocol of Home Assistant; 0 picks a free one. Unset: off. "
        "Needs the extra wyoming.",
    )
    wyoming_host: str | None = Field(
        default=None, description="Address that Wyoming's port listens on. Unset: that of the service."
    )
    wyoming_auth: Literal["same", "keys", "off"] = Field(
        default="same",
        description="Whether Wyoming's callers need an API key: keys (yes), off (no), or same (as with all "
        "other APIs). Home Assistant cannot send a key.",
    )
    admin_token: SecretStr | None = Field(
        default=None,
        description="Bearer token that may do everything, and creates the first API keys. Unset: without keys "
        "the control API is closed.",
    )
    auth: Literal["keys", "off"] = Field(
        default="off",
        description="Whether callers need an API key: keys, or off. Off is refused where the service listens "
        "beyond this machine.",
    )
    auth_off_beyond_loopback: bool = Field(
        default=False,
        description="Whether the service may listen beyond this machine without keys; whoever reaches it can then "
        "have texts spoken.",
    )
    auth_stale_s: float = Field(
        default=DAY_S,
        ge=60,
        le=365 * DAY_S,
        description="How long the last known keys stay valid while the store is out of reach.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="OpenID Connect issuer whose tokens let people use the control API, such as "
        "https://login.example.com. Unset: no such tokens are accepted, only API keys and the admin token. Needs "
        "the extra oidc.",
    )
    oidc_audience: str | None = Field(
        default=None, description="Audience (aud) that these tokens must be for: Segue's client id at the issuer."
    )
    oidc_roles_claim: str = Field(
        default="groups",
        min_length=1,
        description="Claim of the tokens with a person's groups: a list or a text. A path within other claims "
        "has full stops, such as realm_access.roles.",
    )
    oidc_roles: CommaList = Field(
        default=(),
        description="Role of each group, as group=role, separated by commas. The roles are view, operate and "
        "admin.",
    )
    oidc_name_claim: str = Field(
        default="email",
        min_length=1,
        description="Claim with the person's name for the history; the e-mail address counts only if the issuer "
        "says that it is verified. Otherwise the name is sub: and the subject.",
    )
    data_dir: Path = Field(default=Path("var"), description="Directory for state and cached audio.")
    store_url: SecretStr | None = Field(
        default=None,
        description="Database for the rollout's history: sqlite:///path or "
        "postgresql://user@host:port/database. Unset: SQLite in the data directory.",
    )
    controller_lease_s: float = Field(
        default=10.0,
        gt=0,
        le=15,
        description="Time without a sign of life from the replica that controls the rollout, after which another "
        "replica takes over.",
    )
    prometheus_url: SecretStr | None = Field(
        default=None,
        description="Prometheus server from which the judge reads its evidence. Unset: the judge uses the counts "
        "that the workers write to the store.",
    )
    prometheus_selector: str = Field(
        default="", description='Label matchers for the series read from Prometheus, such as job="segue".'
    )
    rollout_file: Path | None = Field(
        default=None,
        description="File with CHIRP3_ lines, read again when it changes and on SIGHUP. Its lines override the "
        "environment's, but do not switch on what CHIRP3_ENABLED=false in the environment switches off.",
    )

    webhook_urls: SecretStr | None = Field(
        default=None,
        description="URLs, separated by commas, that receive transitions, alerts and requests for approval.",
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="Secret that signs the posts to SEGUE_WEBHOOK_URLS (HMAC-SHA256). Unset: they are not signed.",
    )
    webhook_private: bool = Field(
        default=True,
        description="Whether webhooks may lead to addresses that are not public, such as those of the same "
        "machine or cluster. Link-local addresses and those of clouds' metadata are refused in any case.",
    )
    notify_urls: SecretStr | None = Field(
        default=None,
        description="URLs of chats in apprise's format, separated by commas. Needs the extra notify.",
    )

    unit_sources: Annotated[tuple[UnitName, ...], BeforeValidator(_from_commas)] = Field(
        default=("user", "end_user", "session", "cookie", "key"),
        description="Identities that an assignment can belong to, in order. The first one that a request has is "
        'used; a request that has none of them is assigned separately. Take "key" off this list if many listeners '
        "share an API key.",
    )
    unit_end_user_header: str = Field(
        default="X-End-User",
        pattern=_HEADER_NAME,
        description="Header with the app's end user, used if the body does not name one.",
    )
    unit_cookie: str = Field(
        default="segue_unit", pattern=_HEADER_NAME, description="Cookie with the listener's identity."
    )

    cache_memory_bytes: int = Field(
        default=128 * MIB, ge=0, description="Size of the audio cache in memory, per worker."
    )
    cache_disk_bytes: int = Field(
        default=2048 * MIB,
        ge=0,
        description="Maximum size of the audio cache on disk; 0: no audio is cached on disk.",
    )
    audio_url: str = Field(
        default="",
        description="Where cached audio is kept so that all machines can serve it: s3://bucket/prefix, "
        "gs://bucket/prefix or az://account/container/prefix. Empty: on the disk of each machine.",
    )
    audio_url_s: float = Field(
        default=DAY_S,
        ge=60,
        le=365 * DAY_S,
        description="Minimum time for which the URL of cached audio is valid. The audio may be removed earlier.",
    )
    cache_max_age_s: float = Field(
        default=30 * DAY_S, gt=0, description="Age at which audio is removed from the cache."
    )
    min_free_bytes: int = Field(
        default=256 * MIB,
        ge=0,
        description="Minimum free space on the data directory's disk. Below it, no audio is written to files and "
        "no long texts are accepted, so that the store can still write; 0: no minimum.",
    )
    disk_timeout_s: float = Field(
        default=1.0,
        gt=0,
        le=60,
        description="Maximum time to read cached audio from its file or bucket. After that, the audio is "
        "synthesized again.",
    )

    request_timeout_s: float = Field(default=20.0, gt=0, le=600, description="Maximum time to answer a request.")
    queue_wait_s: float = Field(
        default=5.0,
        gt=0,
        description="Maximum wait in the queue for a synthesis. A request that would wait longer for the "
        "candidate goes to the baseline immediately if the fallback is on; otherwise it gets a 503 immediately.",
    )
    max_audio_s: float = Field(
        default=1800.0,
        gt=0,
        description="Maximum duration of the audio of one response, estimated from the text and the rate before "
        "synthesis.",
    )
    fallback_reserve_s: float = Field(
        default=5.0,
        gt=0,
        description="Part of SEGUE_REQUEST_TIMEOUT_S that is reserved for the fallback to the baseline.",
    )
    stream_gap_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Longest time without audio from an engine within a stream; after that it counts as failed.",
    )
    stream_on_failure: Literal["continue", "end"] = Field(
        default="continue",
        description="What happens if the candidate fails within a stream: continue (the baseline continues from "
        "the next sentence) or end (the stream ends).",
    )
    jobs_at_once: int = Field(
        default=2, ge=1, le=64, description="Long texts synthesized at the same time, per worker."
    )
    jobs_calls: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Concurrent engine calls for long texts, per voice family and worker. The rest is reserved "
        "for listeners.",
    )
    jobs_waiting: int = Field(
        default=32,
        ge=0,
        description="Maximum number of long texts in the queue, per worker. Further ones get a 503.",
    )
    jobs_kept_s: float = Field(default=DAY_S, gt=0, description="How long finished long texts are kept.")
    usage_days: int = Field(
        default=400, ge=32, le=4000, description="How many days the usage of each day is kept in the store."
    )
    sheltered_engines: CommaList = Field(
        default=("espeak",),
        description="Engines that run in separate processes, separated by commas. If one crashes, one text fails "
        "and the service continues. Intended for native code, such as espeak and piper.",
    )
    sheltered_processes: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Processes for each engine of SEGUE_SHELTERED_ENGINES, per worker. Each synthesizes one "
        "text at a time.",
    )
    jobs_per_caller: int | None = Field(
        default=None,
        ge=1,
        description="Maximum number of one caller's long texts in the queue and in synthesis, in all workers. "
        "Unset: a quarter of one worker's total, at least 8.",
    )
    job_max_bytes: int = Field(
        default=2048 * MIB, ge=MIB, description="Maximum size of the audio of one long text."
    )
    job_max_audio_s: float = Field(
        default=DAY_S / 2, gt=0, description="Maximum duration of the audio of one long text."
    )
    jobs_caller_bytes: int = Field(
        default=4096 * MIB, ge=MIB, description="Maximum size of all stored audio of one caller's long texts."
    )
    jobs_caller_audio_s: float = Field(
        default=2 * DAY_S, gt=0, description="Maximum duration of all stored audio of one caller's long texts."
    )
    jobs_total_bytes: int = Field(
        default=16_384 * MIB, ge=MIB, description="Maximum size of all stored audio of long texts."
    )
    jobs_total_audio_s: float = Field(
        default=8 * DAY_S, gt=0, description="Maximum duration of all stored audio of long texts."
    )
    job_followers: int = Field(
        default=16,
        ge=1,
        description="Maximum number of clients that follow the events of one long text, per worker.",
    )
    jobs_followers: int = Field(
        default=64, ge=1, description="Maximum number of clients that follow events of long texts, per worker."
    )
    level: bool = Field(default=True, description="Whether both arms are adjusted to the same loudness.")
    level_lufs: float = Field(
        default=-16.0, ge=-40, le=-5, description="Loudness of SEGUE_LEVEL, in LUFS (BS.1770)."
    )
    max_concurrency: int = Field(
        default=16,
        ge=1,
        description="Maximum number of concurrent engine calls, per voice family and worker. An engine on this "
        "machine that can synthesize n texts at the same time also gets at most 2 n + 1.",
    )
    max_queue: int = Field(
        default=256,
        ge=0,
        description="Maximum number of requests in the queue for a synthesis, per voice family and worker. "
        "Further ones go to the baseline if the candidate's queue is full and the fallback is on; otherwise "
        "they get a 503.",
    )
    max_input_chars: int = Field(
        default=5000,
        ge=1,
        le=100_000,
        description="Maximum length of a text in the OpenAI, ElevenLabs, Google and Wyoming APIs. OpenAI's own "
        "limit is 4096.",
    )
    text_format: Literal["auto", "plain", "markdown"] = Field(
        default="auto",
        description="How plain text is read. auto: as Markdown if it clearly is Markdown; tags, entities and "
        "URLs are not read out; the Google-compatible APIs read it as plain. plain: every character is read. "
        "markdown: always as Markdown, also in the Google-compatible APIs.",
    )
    max_body_bytes: int = Field(default=256 * 1024, ge=1024, description="Maximum size of a request body.")
    breaker_failures: int = Field(
        default=5,
        ge=0,
        description="Consecutive failures after which the circuit breaker stops requests to an engine; 0: never.",
    )
    breaker_cool_down_s: float = Field(
        default=5.0, gt=0, description="Time after which an engine with an open circuit breaker is tried again."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="json, console, or auto: console with colours in a terminal, otherwise JSON."
    )
    access_log: Literal["none", "synthesis", "all"] = Field(
        default="synthesis", description="Requests that are logged: none, synthesis (without cache hits), or all."
    )
    log_text: bool = Field(default=False, description="Whether log lines about requests include their text.")
    fault_injection: bool = Field(
        default=False,
        description="Whether the control API may make engines fail on purpose. For staging only.",
    )

    @field_validator("assignment_salt")
    @classmethod
    def _can_be_hashed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().isprintable():
            raise ValueError("contains unprintable characters; use letters, digits and punctuation")
        return value


def is_secret(field: str) -> bool:
    """Whether the setting's value must not be shown."""
    return "SecretStr" in str(Settings.model_fields[field].annotation)
