"""Google's official clients, pointed at Segue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.cloud import texttospeech_v1 as google
from google.cloud.texttospeech_v1.services.text_to_speech import transports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

V1 = "/google.cloud.texttospeech.v1.TextToSpeech"
ENGLISH = google.VoiceSelectionParams(language_code="en-US")


def on_channel(channel: grpc.aio.Channel) -> google.TextToSpeechAsyncClient:
    """The asynchronous client on a channel of the caller's."""
    return google.TextToSpeechAsyncClient(transport=transports.TextToSpeechGrpcAsyncIOTransport(channel=channel))


def wav(**more: Any) -> google.AudioConfig:
    return google.AudioConfig(audio_encoding=google.AudioEncoding.LINEAR16, **more)


def opening(**more: Any) -> google.StreamingSynthesizeRequest:
    """The first message of a stream."""
    config = google.StreamingSynthesizeConfig(**{"voice": ENGLISH, **more})
    return google.StreamingSynthesizeRequest(streaming_config=config)


def saying(text: str) -> google.StreamingSynthesizeRequest:
    return google.StreamingSynthesizeRequest(input=google.StreamingSynthesisInput(text=text))


async def sent(*requests: google.StreamingSynthesizeRequest) -> AsyncIterator[google.StreamingSynthesizeRequest]:
    """The messages of a stream, and its half-close."""
    for request in requests:
        yield request


async def heard(stream: Any) -> bytes:
    """All of a stream."""
    return b"".join([answer.audio_content async for answer in stream])


def raw(channel: Any, method: str, **more: Any) -> Any:
    """A method of v1 that takes and gives bytes, or whatever its serializers make of them."""
    kind = channel.stream_stream if method == "StreamingSynthesize" else channel.unary_unary
    return kind(f"{V1}/{method}", **more)
