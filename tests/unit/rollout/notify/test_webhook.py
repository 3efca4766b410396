"""A webhook as its receiver sees it: signed, tried again, never followed elsewhere, and given up in the end."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from segue.kernel.errors import Unavailable
from segue.rollout.notify.retrying import Retrying, RetryLimits
from segue.rollout.notify.webhook import WebhookTarget
from segue.rollout.ports.notice import Refused
from segue.testing.clock import FakeClock
from support.notices import NOTICE, ScriptedTarget
from support.receiver import HANG, receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "between us"
NOW_S = 1_773_144_001.0
QUICK = RetryLimits(attempts=3, first_wait_s=0.005, longest_wait_s=0.02)


@asynccontextmanager
async def a_webhook(url: str, secret: str = SECRET, *, timeout_s: float = 5.0) -> AsyncIterator[WebhookTarget]:
    async with httpx.AsyncClient() as client:
        yield WebhookTarget(client, url, secret, FakeClock(NOW_S), timeout_s=timeout_s)


async def test_it_posts_everything_as_json() -> None:
    with receiving() as receiver:
        async with a_webhook(receiver.url) as webhook:
            await webhook.send(NOTICE)
    (posted,) = receiver.posted

    assert posted.headers["Content-Type"] == "application/json"
    assert posted.headers["X-Segue-Notice"] == "chirp3/7"
    assert posted.content["title"] == NOTICE.title
    assert posted.content["why"] == NOTICE.why
    assert posted.content["kind"] == "transition"
    assert (posted.content["revision"], posted.content["trigger"]) == (7, "P0")


async def test_the_signature_covers_time_and_body() -> None:
    with receiving() as receiver:
        async with a_webhook(receiver.url) as webhook:
            await webhook.send(NOTICE)
    (posted,) = receiver.posted

    timestamp = posted.headers["X-Segue-Timestamp"]
    signed = timestamp.encode() + b"." + posted.body
    assert timestamp == "1773144001"
    expected = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert posted.headers["X-Segue-Signature"] == expected


async def test_without_a_secret_nothing_pretends_to_be_signed() -> None:
    with receiving() as receiver:
        async with a_webhook(receiver.url, "") as webhook:
            await webhook.send(NOTICE)

    assert "X-Segue-Signature" not in receiver.posted[0].headers


async def test_a_receiver_that_fails_twice_gets_it_the_third_time_under_the_same_name() -> None:
    with receiving(500, 503) as receiver:
        async with a_webhook(receiver.url) as webhook:
            await Retrying(webhook, QUICK).send(NOTICE)

    assert [one.status for one in receiver.posted] == [500, 503, 204]
    assert {one.headers["X-Segue-Notice"] for one in receiver.posted} == {"chirp3/7"}
    assert len(receiver.arrived) == 1


async def test_a_receiver_that_hangs_is_left_and_tried_again() -> None:
    with receiving(HANG) as receiver:
        async with a_webhook(receiver.url, timeout_s=0.2) as webhook:
            await Retrying(webhook, QUICK).send(NOTICE)

    assert [one.status for one in receiver.posted] == [HANG, 204]


async def test_a_receiver_that_is_gone_is_given_up_in_the_end() -> None:
    with receiving() as receiver:
        url = receiver.url
    async with a_webhook(url) as webhook:
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            await Retrying(webhook, QUICK).send(NOTICE)

    assert url not in str(caught.value)


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
async def test_a_receiver_that_refuses_is_asked_once(status: int) -> None:
    with receiving(status, Location="/elsewhere") as receiver:
        async with a_webhook(receiver.url) as webhook:
            with pytest.raises(Refused, match=str(status)):
                await Retrying(webhook, QUICK).send(NOTICE)

    assert len(receiver.posted) == 1


@pytest.mark.parametrize(("said", "asked_s"), [("120", 120.0), ("soon", None)])
async def test_a_receiver_may_say_when_to_come_back(said: str, asked_s: float | None) -> None:
    with receiving(429, Retry_After=said) as receiver:
        async with a_webhook(receiver.url) as webhook:
            with pytest.raises(Unavailable, match="429") as caught:
                await webhook.send(NOTICE)

    assert caught.value.retry_after_s == asked_s


async def test_coming_back_is_never_put_off_for_longer_than_the_longest_wait() -> None:
    target = ScriptedTarget(error=Unavailable("busy", retry_after_s=86_400.0))
    await Retrying(target, QUICK).send(NOTICE)

    assert target.ids == ["chirp3/7", "chirp3/7"]


async def test_the_name_is_the_urls_own_and_does_not_give_it_away() -> None:
    async with a_webhook("https://hooks.example/s3cret") as one, a_webhook("https://hooks.example/other") as two:
        again = WebhookTarget(httpx.AsyncClient(), "https://hooks.example/s3cret", "", FakeClock())

        assert one.name == again.name != two.name
        assert "s3cret" not in one.name
