"""Opens a client with a channel and the credentials from the options."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google.auth
import grpc
from google.api_core.client_options import ClientOptions
from google.auth.exceptions import GoogleAuthError
from google.cloud.texttospeech_v1 import TextToSpeechAsyncClient
from google.cloud.texttospeech_v1.services.text_to_speech.transports import TextToSpeechGrpcAsyncIOTransport
from google.oauth2.credentials import Credentials as UserCredentials
from google.oauth2.service_account import Credentials as ServiceAccountCredentials

from segue.kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.speech.engines.google.options import GoogleOptions

_CHANNEL_OPTIONS = (
    # 5,000 bytes of text at the slowest pace are some 80 MB; gRPC's own limit of 4 MB looks like a spent quota.
    ("grpc.max_receive_message_length", 128 * 2**20),
    # Else a channel that lost its service waits up to two minutes before it looks again.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)

_READERS: Mapping[str, Callable[[str], Any]] = {
    "authorized_user": UserCredentials.from_authorized_user_file,
    "service_account": ServiceAccountCredentials.from_service_account_file,
}
"""By ``type`` of the file.

The other types name addresses to fetch tokens from, which an operator has to trust expressly: through the
environment.
"""

_REMEDY = (
    "correct them, or set GOOGLE_APPLICATION_CREDENTIALS, or credentials_file or api_key of this engine in the "
    "catalogue"
)


async def connect(options: GoogleOptions) -> TextToSpeechAsyncClient:
    """A client whose channel belongs to the running event loop. No request is made yet.

    Raises:
        ConfigurationError: there are no credentials, or a file cannot be used. The message says what to do.
    """
    if options.insecure:
        plain = grpc.aio.insecure_channel(options.host, options=_CHANNEL_OPTIONS)
        return TextToSpeechAsyncClient(transport=TextToSpeechGrpcAsyncIOTransport(channel=plain))
    # In a thread: outside Google's cloud the search ends with seconds of waiting for its metadata server.
    credentials = None if options.api_key else await asyncio.to_thread(_credentials, options)
    return TextToSpeechAsyncClient(
        credentials=credentials,
        transport=partial(TextToSpeechGrpcAsyncIOTransport, channel=partial(_channel, _roots(options))),
        client_options=ClientOptions(
            api_endpoint=options.host,
            api_key=options.api_key or None,
            quota_project_id=options.quota_project or None,
        ),
    )


def _channel(roots: bytes | None, host: str, **arguments: Any) -> grpc.aio.Channel:
    """Opens the channel as the client would, but with our options."""
    if roots is not None:
        arguments["ssl_credentials"] = grpc.ssl_channel_credentials(roots)
    arguments["options"] = _CHANNEL_OPTIONS
    channel: grpc.aio.Channel = TextToSpeechGrpcAsyncIOTransport.create_channel(host, **arguments)
    return channel


def _credentials(options: GoogleOptions) -> Any:
    path = options.credentials_file
    try:
        if path:
            return _from_file(Path(path))
        found, _ = google.auth.default()
    except (GoogleAuthError, OSError, ValueError) as error:
        told = f"no usable Google credentials ({error}): {_REMEDY}"
        if path:
            told = (
                f"credentials_file {path} cannot be used ({error}): correct it, or remove the option to use "
                "GOOGLE_APPLICATION_CREDENTIALS"
            )
        raise ConfigurationError([told]) from error
    return found


def _from_file(path: Path) -> Any:
    kind = json.loads(path.read_bytes()).get("type")
    read = _READERS.get(kind)
    if read is None:
        remedy = (
            f"credentials_file takes {', '.join(_READERS)}; for others remove the option, and set "
            "GOOGLE_APPLICATION_CREDENTIALS"
        )
        raise ConfigurationError([f"{path} holds credentials of type {kind!r}: {remedy}"])
    return read(str(path))


def _roots(options: GoogleOptions) -> bytes | None:
    if not options.root_certificates_file:
        return None
    try:
        return Path(options.root_certificates_file).read_bytes()
    except OSError as error:
        raise ConfigurationError([f"root_certificates_file cannot be read: {error}"]) from error
