"""Long texts are understood in a thread, short ones where they are."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import InvalidRequest
from segue.speech.service.threads import LONG_TEXT_CHARS, Threads

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def threads() -> Iterator[Threads]:
    with ThreadPoolExecutor(1, "samples") as samples, ThreadPoolExecutor(1, "texts") as texts:
        yield Threads(samples, texts)


def here() -> str:
    return threading.current_thread().name.partition("_")[0]


async def test_a_short_text_is_understood_where_it_is(threads: Threads) -> None:
    assert await threads.run_if_long(LONG_TEXT_CHARS, here) == here()


async def test_a_long_text_is_understood_apart_from_samples(threads: Threads) -> None:
    assert await threads.run_if_long(LONG_TEXT_CHARS + 1, here) == "texts"
    assert await threads.run(here) == "samples"


@pytest.mark.parametrize("chars", [1, LONG_TEXT_CHARS + 1])
async def test_what_is_wrong_with_a_text_is_said_either_way(threads: Threads, chars: int) -> None:
    def refuse() -> None:
        raise InvalidRequest("no", field="text")

    with pytest.raises(InvalidRequest, match="no"):
        await threads.run_if_long(chars, refuse)


async def test_no_argument_is_dropped(threads: Threads) -> None:
    for run in (threads.run, lambda *args, **named: threads.run_if_long(LONG_TEXT_CHARS + 1, *args, **named)):
        with pytest.raises(TypeError, match="twice"):
            await run(here, twice=True)  # type: ignore[call-arg]
