"""Amazon's chain of credentials, and signatures with them. botocore does both."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from segue.kernel.errors import ConfigurationError, Unavailable

if TYPE_CHECKING:
    from segue.speech.engines.http.server import Call
    from segue.speech.engines.polly.options import PollyOptions

SERVICE = "polly"
_SENT = frozenset({"authorization", "x-amz-date", "x-amz-security-token"})
_SEPARATOR = "\n"
_NONE_FOUND = (
    "there are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile of the shared "
    "credentials file, or give this machine a role"
)


class Signer(NamedTuple):
    """Credentials at one time. ``token`` belongs to temporary ones; it is empty for others."""

    access_key: str
    secret_key: str
    token: str

    @classmethod
    def read(cls, key: str) -> Signer:
        """From one string, in the form in which a server's key is passed."""
        return cls(*key.split(_SEPARATOR))

    def written(self) -> str:
        return _SEPARATOR.join(self)

    def signed(self, call: Call, base_url: str, region: str) -> dict[str, str]:
        """The headers that sign a call to Polly (version 4 of Amazon's signatures)."""
        request = AWSRequest(
            call.method,
            f"{base_url.rstrip('/')}/{call.path.lstrip('/')}",
            dict(call.headers),
            call.body or b"",
            dict(call.params),
        )
        SigV4Auth(self, SERVICE, region).add_auth(request)
        return {name.lower(): value for name, value in request.headers.items() if name.lower() in _SENT}


class Credentials:
    """The credentials that Amazon's tools would use: from the environment, a profile, or the machine's role.

    Temporary ones are renewed before they expire, in a thread, because that calls a server.
    """

    def __init__(self, options: PollyOptions) -> None:
        self._profile = options.profile
        self._found: Any = None

    async def start(self) -> None:
        """Searches for them.

        Raises:
            ConfigurationError: there are none. The message says what to do.
        """
        try:
            self._found = await asyncio.to_thread(_looked_for, self._profile)
        except BotoCoreError as error:
            raise ConfigurationError([f"AWS credentials cannot be read: {error}"]) from error
        if self._found is None:
            raise ConfigurationError([_NONE_FOUND])
        await self.value()

    async def value(self) -> str:
        """The current credentials in one string.

        Raises:
            Unavailable: temporary ones have expired and cannot be renewed.
        """
        try:
            frozen = await self._frozen()
        except (BotoCoreError, OSError) as error:
            raise Unavailable(
                f"AWS credentials cannot be renewed ({type(error).__name__}): check the role, and that this "
                "machine can reach the service that issues them"
            ) from error
        return Signer(frozen.access_key, frozen.secret_key, frozen.token or "").written()

    async def _frozen(self) -> Any:
        if getattr(self._found, "refresh_needed", bool)():
            return await asyncio.to_thread(self._found.get_frozen_credentials)
        return self._found.get_frozen_credentials()


def _looked_for(profile: str) -> Any:
    return Session(profile=profile or None).get_credentials()
