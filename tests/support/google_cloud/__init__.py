"""A stand-in for Google's service: its gRPC interface on a local port, refusing what Google refuses."""

from support.google_cloud.calls import Call, Outcome
from support.google_cloud.server import GoogleServer
from support.google_cloud.service import Service
from support.google_cloud.status import (
    API_KEY_INVALID,
    CREDENTIALS_MISSING,
    INTERNAL,
    SERVICE_DISABLED,
    UNAVAILABLE,
    Status,
    quota_spent,
)
from support.google_cloud.tls import TlsIdentity, self_signed
from support.google_cloud.trouble import HEALTHY, LIST, STREAM, SYNTHESIZE, Trouble
from support.google_cloud.voices import DEFAULT_VOICES, Family, ServedVoice, served

__all__ = [
    "API_KEY_INVALID",
    "CREDENTIALS_MISSING",
    "DEFAULT_VOICES",
    "HEALTHY",
    "INTERNAL",
    "LIST",
    "SERVICE_DISABLED",
    "STREAM",
    "SYNTHESIZE",
    "UNAVAILABLE",
    "Call",
    "Family",
    "GoogleServer",
    "Outcome",
    "ServedVoice",
    "Service",
    "Status",
    "TlsIdentity",
    "Trouble",
    "quota_spent",
    "self_signed",
    "served",
]
