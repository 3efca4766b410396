"""A stand-in for Google's service: its gRPC interface on a local port, refusing what Google refuses."""

from segue.testing.google.calls import Call, Outcome
from segue.testing.google.server import GoogleServer
from segue.testing.google.service import Service
from segue.testing.google.status import (
    API_KEY_INVALID,
    CREDENTIALS_MISSING,
    INTERNAL,
    SERVICE_DISABLED,
    UNAVAILABLE,
    Status,
    quota_spent,
)
from segue.testing.google.tls import TlsIdentity, self_signed
from segue.testing.google.trouble import HEALTHY, LIST, STREAM, SYNTHESIZE, Trouble
from segue.testing.google.voices import DEFAULT_VOICES, Family, ServedVoice, served

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
