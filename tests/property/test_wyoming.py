"""Whatever bytes come in, and however a text is cut up."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event

from segue.api.wyoming.incoming import HungUp, Incoming, Malformed, event_of, next_header
from segue.api.wyoming.script import Script
from support.wyoming import as_bytes

MAX_BYTES = 2048
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.builds(Event, NAMES, st.dictionaries(NAMES, PLAIN, max_size=4), st.none() | st.binary(max_size=200))
HEADERS = st.builds(
    lambda kind, length, rest: b'{"type": "%s", "data_length": %s}\n%s' % (kind, length, rest),
    st.sampled_from([b"ping", b"synthesize", b"\\u0000", b""]),
    st.sampled_from([b"0", b"2", b"-1", b"2048", b"2049", b"1e3", b"99999999999999999999", b"null", b'"2"']),
    st.binary(max_size=40),
)
TEXTS = st.text(st.sampled_from("ab 1.,!?\n。！？「」『』，好天氣…🙂"), max_size=120)


async def read(data: bytes) -> tuple[list[Incoming], Exception | None]:
    """Every event in these bytes, and how they end."""
    reader = asyncio.StreamReader(limit=MAX_BYTES)
    reader.feed_data(data)
    reader.feed_eof()
    found: list[Incoming] = []
    try:
        while True:
            found.append(await event_of(await next_header(reader), reader, MAX_BYTES))
    except (HungUp, Malformed) as end:
        return found, end


@given(st.binary(max_size=300) | HEADERS)
def test_no_bytes_are_anything_else_than_events_or_told_to_be_none(data: bytes) -> None:
    asyncio.run(read(data))


@given(st.lists(EVENTS, max_size=4))
def test_events_are_read_as_the_official_client_writes_them(events: list[Event]) -> None:
    found, end = asyncio.run(read(b"".join(as_bytes(event) for event in events)))

    assert [(event.type, event.data) for event in found] == [(event.type, event.data) for event in events]
    assert isinstance(end, HungUp)
    assert not end.midway


@given(EVENTS, st.data())
def test_an_event_cut_off_is_no_event(event: Event, data: st.DataObject) -> None:
    whole = as_bytes(event)
    found, end = asyncio.run(read(whole[: data.draw(st.integers(1, len(whole) - 1))]))

    assert found == []
    assert isinstance(end, HungUp)
    assert end.midway


@given(TEXTS, st.lists(st.integers(0, 120), max_size=10))
def test_a_text_in_chunks_loses_nothing_that_can_be_spoken(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    chunks = [text[start:end] for start, end in pairwise(places)]
    said = "".join(asyncio.run(_taken(chunks)))

    assert [sign for sign in said if sign.isalnum()] == [sign for sign in text if sign.isalnum()]


async def _taken(chunks: list[str]) -> list[str]:
    script = Script(1000)
    found: list[str] = []

    async def take() -> None:
        while (part := await script.next()) is not None:
            found.append(part)

    async with asyncio.TaskGroup() as group:
        group.create_task(take())
        for chunk in chunks:
            script.add(chunk)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        script.end()
    return found
