"""Google's own quick start, answered by Segue.

    pip install google-cloud-texttospeech
    python google_quickstart.py http://127.0.0.1:8000     # REST
    python google_quickstart.py 127.0.0.1:8443            # gRPC over TLS: `api_endpoint` alone
    python google_quickstart.py grpc://127.0.0.1:8001     # gRPC without TLS: a channel given to the transport

All but ``connected`` is as in https://cloud.google.com/text-to-speech/docs/create-audio and .../streaming; it runs
with both versions of the client, and writes its audio into the current folder. A certificate that is not a public
authority's is made known by ``GRPC_DEFAULT_SSL_ROOTS_FILE_PATH``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import texttospeech_v1, texttospeech_v1beta1

PLAIN = "grpc://"


def connected(texttospeech: Any, address: str) -> Any:
    """A client of Segue instead of Google: this is all that an app has to change."""
    if address.startswith(PLAIN):
        import grpc

        transport = texttospeech.TextToSpeechClient.get_transport_class("grpc")
        # As Google's transport does for its own channels: gRPC's default ends at a minute and a half of LINEAR16
        unlimited = [("grpc.max_receive_message_length", -1)]
        channel = grpc.insecure_channel(address.removeprefix(PLAIN), options=unlimited)
        return texttospeech.TextToSpeechClient(transport=transport(channel=channel))
    return texttospeech.TextToSpeechClient(
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
        transport="rest" if "://" in address else "grpc",
        client_options=ClientOptions(api_endpoint=address),
    )


def create_audio(texttospeech: Any, client: Any) -> bytes:
    """Google's "Create voice audio files"."""
    # Set the text input to be synthesized
    synthesis_input = texttospeech.SynthesisInput(text="Hello, World!")

    # Build the voice request, select the language code ("en-US") and the ssml
    # voice gender ("neutral")
    voice = texttospeech.VoiceSelectionParams(
        language_code="en-US", ssml_gender=texttospeech.SsmlVoiceGender.NEUTRAL
    )

    # Select the type of audio file you want returned
    audio_config = texttospeech.AudioConfig(audio_encoding=texttospeech.AudioEncoding.MP3)

    # Perform the text-to-speech request on the text input with the selected
    # voice parameters and audio file type
    response = client.synthesize_speech(input=synthesis_input, voice=voice, audio_config=audio_config)
    content: bytes = response.audio_content
    return content


def stream_audio(texttospeech: Any, client: Any) -> bytes:
    """Google's "Synthesize speech with bidirectional streaming": 24 kHz, 16 bits, mono, no header."""
    streaming_config = texttospeech.StreamingSynthesizeConfig(
        voice=texttospeech.VoiceSelectionParams(name="en-US-Chirp3-HD-Charon", language_code="en-US")
    )

    # Set the config for your stream. The first request must contain your config, and then each subsequent request
    # must contain text.
    config_request = texttospeech.StreamingSynthesizeRequest(streaming_config=streaming_config)

    text_iterator = ["Hello there. ", "How are you ", "today? It's ", "such nice weather outside."]

    # Request generator. Consider using Gemini or another LLM with output streaming as a generator.
    def request_generator() -> Any:
        yield config_request
        for text in text_iterator:
            yield texttospeech.StreamingSynthesizeRequest(input=texttospeech.StreamingSynthesisInput(text=text))

    streaming_responses = client.streaming_synthesize(request_generator())
    return b"".join(response.audio_content for response in streaming_responses)


def main(address: str) -> None:
    for texttospeech in (texttospeech_v1, texttospeech_v1beta1):
        version = texttospeech.__name__.rpartition("_")[2]
        client = connected(texttospeech, address)
        heard = {f"whole-{version}.mp3": create_audio(texttospeech, client)}
        if client.transport.kind == "grpc":  # Google's client does not stream over REST
            heard[f"streamed-{version}.pcm"] = stream_audio(texttospeech, client)
        for name, content in heard.items():
            Path(name).write_bytes(content)
            print(f"{name}: {len(content)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
