"""Where the service is, and as whom it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from segue.engines.options import option, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST = "texttospeech.googleapis.com"
_API_VERSION = "v1"


@dataclass(frozen=True, slots=True)
class GoogleOptions:
    """Where and how to reach the service.

    ``location`` picks the regional endpoint (``eu``, ``us``, ``asia-northeast1`` ...); ``endpoint``
    (``host:port``) overrides it. Credentials are ``api_key`` or ``credentials_file``, or else what Google's
    libraries find by themselves. ``root_certificates_file`` (PEM) is trusted instead of the usual roots.
    ``insecure`` speaks plain gRPC without credentials, to an emulator. ``timeout_s`` bounds every call, and of a
    stream the wait for each piece, for the client has no bound of its own. ``revision`` is any text: change it
    when Google has changed its voices, and what was cached before is made anew.
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
            raise ValueError("api_key and credentials_file exclude each other")
        if self.insecure and (self.api_key or self.credentials_file):
            raise ValueError("insecure sends everything in clear; it goes without api_key and credentials_file")

    @classmethod
    def read(cls, options: Mapping[str, object]) -> GoogleOptions:
        """The options as they stand in a catalogue.

        Raises:
            TypeError: one is of the wrong type.
            ValueError: one is unknown, out of range, or contradicts another.
        """
        known: dict[str, Any] = {entry.name: entry.default for entry in fields(cls)}
        refuse_unknown(options, known)
        return cls(**{name: option(options, name, default) for name, default in known.items()})

    @property
    def host(self) -> str:
        if self.endpoint:
            return self.endpoint
        return _HOST if self.location in {"", "global"} else f"{self.location}-{_HOST}"

    @property
    def version(self) -> str:
        """Of what sounds: Google names no version of its voices. An endpoint of one's own may be anything."""
        return "-".join(part for part in (_API_VERSION, self.endpoint, self.revision) if part)
