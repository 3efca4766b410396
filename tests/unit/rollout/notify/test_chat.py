"""Chats through apprise: what arrives, and what a failure is."""

from __future__ import annotations

import pytest

from segue.kernel.errors import Unavailable
from support.notices import NOTICE
from support.receiver import receiving

chat = pytest.importorskip(
    "segue.rollout.notify.chat", reason="needs apprise: pip install 'segue[notify]'", exc_type=ImportError
)


async def test_a_message_has_title_and_reason() -> None:
    with receiving(200) as receiver:
        await chat.ChatTarget(receiver.url.replace("http://", "json://")).send(NOTICE)

    (arrived,) = receiver.arrived
    assert (arrived["title"], arrived["message"]) == (NOTICE.title, NOTICE.why)


async def test_a_chat_that_does_not_take_it_is_unavailable_and_keeps_its_secret() -> None:
    with receiving(500) as receiver:
        target = chat.ChatTarget(receiver.url.replace("http://", "json://user:s3cret@"))
        with pytest.raises(Unavailable) as caught:
            await target.send(NOTICE)

    assert "s3cret" not in str(caught.value)


def test_it_says_which_urls_it_understands() -> None:
    assert chat.ChatTarget("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/").understood
    assert not chat.ChatTarget("no-such-chat://somewhere").understood
