"""Options: where the service is, and with which credentials it is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.speech.engines.options import read_options

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST = "texttospeech.googleapis.com"
_API_VERSION = "v1"


@dataclass(frozen=True, slots=True)
class GoogleOptions:
    """Where and how to reach the service.

    ``location`` selects the regional endpoint (``eu``, ``us``, ``asia-northeast1`` ...), and ``endpoint``
    (``host:port``) overrides it. Credentials are ``api_key`` or ``credentials_file``, or else what Google's
    libraries find. ``root_certificates_file`` (PEM) replaces the usual roots. ``insecure`` uses plain gRPC without
    credentials, for an emulator. ``timeout_s`` limits every call, and in a stream the wait for each piece, because
    the client has no limit of its own. ``revision`` is any text. Change it when Google has changed its voices, and
    cached audio is made again.
    """

    location: str = ""
    endpoint: str = ""
    credentials_file: str = ""
    api_key: str = field(default="", repr=False)
    quota_project: str = ""
    root_certificates_file: str = ""
    insecure: bool = False
    timeout_s: float = 30.0
    revision: str = ""

    def __post_init__(self) -> None:
        if self.timeout_s <= 0:
            raise ValueError(f"timeout_s must be positive, not {self.timeout_s:g}")
        if self.api_key and self.credentials_file:
            raise ValueError("set either api_key or credentials_file, not both")
        if self.insecure and (self.api_key or self.credentials_file):
            raise ValueError(
                "insecure sends everything as clear text, so api_key and credentials_file must not be set"
            )

    @classmethod
    def read(cls, options: Mapping[str, object]) -> GoogleOptions:
        """The options from a catalogue.

        Raises:
            TypeError: an option has the wrong type.
            ValueError: an option is unknown, out of range, or contradicts another.
        """
        return read_options(cls, options)

    @property
    def host(self) -> str:
        if self.endpoint:
            return self.endpoint
        return _HOST if self.location in {"", "global"} else f"{self.location}-{_HOST}"

    @property
    def version(self) -> str:
        """Identifies the sound. Google's voices have no version, and a custom endpoint may be anything."""
        return "-".join(part for part in (_API_VERSION, self.endpoint, self.revision) if part)
