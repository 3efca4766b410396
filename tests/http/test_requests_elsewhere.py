"""No caller makes the service send a request: nothing that it takes names an address, and texts are only read."""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from segue.config.plan_file import plan_schema
from support.service import OPERATOR, SYNTHESIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.service import Stage

ADDRESSES = re.compile(r"ur[il]s?$|href|host|endpoint|callback|webhook|proxy|server|redirect", re.IGNORECASE)
"""Names of fields that would hold an address."""

TEXTS = {
    "an audio element": '<speak>Hello. <audio src="{url}">a bell</audio></speak>',
    "a lexicon": '<speak><lexicon uri="{url}"/>Hello.</speak>',
    "a base": '<speak xml:base="{url}">Hello.</speak>',
    "an external entity": '<!DOCTYPE speak [<!ENTITY other SYSTEM "{url}">]><speak>Hello &other;.</speak>',
    "a document type": '<!DOCTYPE speak SYSTEM "{url}"><speak>Hello.</speak>',
    "a style sheet": '<?xml-stylesheet href="{url}"?><speak>Hello.</speak>',
    "an inclusion": '<speak xmlns:xi="http://www.w3.org/2001/XInclude">Hello <xi:include href="{url}"/>.</speak>',
    "an image in HTML": '<p>Hello. <img src="{url}"> <script src="{url}"></script></p>',
    "an image in Markdown": "# Hello\n\n![a bell]({url}) and [a page]({url})\n",
    "an address alone": "Read {url} to me.",
}


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def fields(schema: Any) -> Iterator[str]:
    """Names of all properties in a JSON schema, and its formats."""
    if isinstance(schema, list):
        for each in schema:
            yield from fields(each)
    elif isinstance(schema, dict):
        yield from schema["properties"] if isinstance(schema.get("properties"), dict) else ()
        yield schema["format"] if isinstance(schema.get("format"), str) else ""
        for each in schema.values():
            yield from fields(each)


def asked(document: dict[str, Any]) -> Iterator[str]:
    """Names of all fields and parameters of requests, with those of the schemas that they refer to."""
    schemas, seen = document["components"]["schemas"], set[str]()
    operations = [each for path in document["paths"].values() for each in path.values() if isinstance(each, dict)]
    waiting: list[Any] = [[each.get("requestBody"), each.get("parameters")] for each in operations]
    yield from (one["name"] for _, parameters in waiting for one in parameters or () if one["in"] != "header")
    while waiting:
        part = waiting.pop()
        yield from fields(part)
        names = set(re.findall(r"#/components/schemas/([\w.-]+)", str(part))) - seen
        seen |= names
        waiting += [schemas[name] for name in names]


async def test_nothing_that_is_taken_names_an_address(stage: Stage) -> None:
    names = {*asked((await stage.client.get("/openapi.json")).json()), *fields(plan_schema())}

    assert {"input", "character_key", "plan", "share_percent", "stages"} <= names, "it finds nothing at all"
    assert {name for name in names if ADDRESSES.search(name)} == set()


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("field", ["text", "ssml"])
async def test_a_text_that_names_an_address_makes_nobody_go_there(stage: Stage, kind: str, field: str) -> None:
    with listening() as server:
        text = TEXTS[kind].format(url=f"http://127.0.0.1:{server.getsockname()[1]}/bell.mp3")
        body = {"character_key": "pip_boy", field: text}
        answer = await stage.client.post(SYNTHESIZE, json=body)
        with pytest.raises(BlockingIOError):
            server.accept()

    assert answer.status_code in (200, 400)


async def test_a_plan_that_names_an_address_is_refused(stage: Stage) -> None:
    with listening() as server:
        plan = f"version: 1\nname: x\nwebhook: http://127.0.0.1:{server.getsockname()[1]}/\nstages: []\n"
        answer = await stage.client.post("/api/v1/rollout/start", json={"plan": plan}, headers=OPERATOR)
        with pytest.raises(BlockingIOError):
            server.accept()

    assert answer.status_code == 400
    assert "webhook" in answer.text
