"""Steps that read bodies, queries and names, for texts of any length (``tests/property/test_growth.py``)."""

from __future__ import annotations

import zlib
from contextlib import suppress
from urllib.parse import quote

import msgspec

from segue.api.elevenlabs.search import VoiceSearch
from segue.api.google.spoken import marked
from segue.api.google.wire import SynthesisInput
from segue.api.google_rest.spelling import read_synthesis
from segue.api.lenient import mended, shape_of
from segue.api.native.wire import JobBody
from segue.api.packed import coding_of, unpacked
from segue.api.refusals import UnknownCoding
from segue.api.wire import decoded, unknown_fields
from segue.kernel.errors import InvalidRequest
from segue.kernel.names import Names, folded

ANY_LENGTH = 10**7


def put_on_the_wire(text: str) -> object:
    raw = msgspec.json.encode(
        {"text": text, "character_key": "k", "wrong": [{text[:9] + str(n): n} for n in range(99)]}
    )
    with suppress(InvalidRequest):
        decoded(msgspec.json.Decoder(JobBody), raw)
    unknown_fields(JobBody, raw)
    read_synthesis(
        msgspec.json.encode({"input": {"text": text}, **{f"{text[:9]}{n}": n for n in range(len(text) // 9)}})
    )
    with suppress(InvalidRequest):
        decoded(msgspec.json.Decoder(JobBody), text.encode("utf-8", "replace"))
    return marked(SynthesisInput(markup=text), ANY_LENGTH)


def mended_on_the_wire(text: str) -> object:
    """In every field, at every depth, and as another encoding; then as what it is not."""
    fields = {field.encode_name: text for field in msgspec.structs.fields(JobBody)}
    controls = {"rate": text, "pauses": [{"position": text, "duration": text[:40]}] * (len(text) // 100)}
    for more in ({}, {"voice_controls": controls}, {"text": [text]}):
        with suppress(InvalidRequest):
            decoded(msgspec.json.Decoder(JobBody), msgspec.json.encode(fields | more))
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        with suppress(InvalidRequest):
            decoded(msgspec.json.Decoder(JobBody), text.encode(encoding, "replace"))
    return mended(shape_of(JobBody), {text: text})


def unpacked_again(text: str) -> object:
    body = text.encode("utf-8", "replace")
    with suppress(UnknownCoding):
        coding_of(body)
    for coding in (b"gzip", b"deflate"):
        with suppress(InvalidRequest):
            unpacked(body, coding, ANY_LENGTH)
    return unpacked(zlib.compress(body), b"deflate", ANY_LENGTH)


def called(text: str) -> object:
    """Names of any length, one after another."""
    names = Names((text[start : start + 50], str(start)) for start in range(0, len(text), 50))
    return folded(text), names.meant(text), VoiceSearch(f"search={quote(text)}&page_size={quote(text)}".encode())
