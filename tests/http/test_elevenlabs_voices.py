"""The voices that ElevenLabs' client searches, page by page, and their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from elevenlabs import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError

from support.service import Stage

if TYPE_CHECKING:
    from elevenlabs.types import GetVoicesV2Response


@pytest.fixture
def client(stage: Stage) -> AsyncElevenLabs:
    return AsyncElevenLabs(base_url="http://test", api_key="any", httpx_client=stage.client)


def ids(found: GetVoicesV2Response) -> list[str]:
    return [voice.voice_id for voice in found.voices]


BOTH = ["pip_boy", "ghoul"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, BOTH),
        ({"search": "pip"}, ["pip_boy"]),
        ({"search": "PIP boy"}, ["pip_boy"]),
        ({"search": ""}, BOTH),
        ({"search": "deathclaw"}, []),
        ({"sort": "name"}, ["ghoul", "pip_boy"]),
        ({"sort": "name", "sort_direction": "desc"}, BOTH),
        ({"sort": "created_at_unix", "sort_direction": "DESC"}, ["ghoul", "pip_boy"]),
        ({"category": "premade"}, BOTH),
        ({"category": "cloned"}, []),
        ({"voice_type": "default"}, BOTH),
        ({"voice_type": "personal"}, []),
        ({"voice_ids": ["ghoul", "alloy", "nobody"]}, BOTH),
        ({"voice_ids": ["ghoul"], "search": "pip"}, []),
        ({"voice_ids": "nobody"}, []),
        ({"language": ["en", "fr"]}, BOTH),
        ({"language": "fr"}, []),
        ({"gender": "female"}, []),
        ({"high_quality": True}, []),
        ({"high_quality": False, "include_total_count": True, "include_custom_rates": True}, BOTH),
    ],
)
async def test_a_search_finds_what_it_asks_for(
    client: AsyncElevenLabs, asked: dict[str, Any], found: list[str]
) -> None:
    answer = await client.voices.search(**asked)

    assert ids(answer) == found
    assert (answer.total_count, answer.has_more, answer.next_page_token) == (len(found), False, None)


async def test_pages_follow_one_another_until_there_is_no_more(client: AsyncElevenLabs) -> None:
    first = await client.voices.search(page_size=1, sort="name")
    second = await client.voices.search(page_size=1, sort="name", next_page_token=first.next_page_token)

    assert (ids(first), first.has_more, first.total_count) == (["ghoul"], True, 2)
    assert (ids(second), second.has_more, second.next_page_token) == (["pip_boy"], False, None)


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"page_size": 0}, "page_size", "from 1 to 100, not '0'"),
        ({"page_size": 101}, "page_size", "from 1 to 100, not '101'"),
        ({"sort": "age"}, "sort", "one of name, created_at_unix, not 'age'"),
        ({"sort_direction": "up"}, "sort_direction", "one of asc, desc"),
        ({"voice_type": "mine"}, "voice_type", "one of default, personal"),
        ({"next_page_token": "nobody"}, "next_page_token", "send the token of the previous page"),
    ],
)
async def test_a_search_that_makes_no_sense_is_refused_with_its_parameter(
    client: AsyncElevenLabs, asked: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(UnprocessableEntityError) as refused:
        await client.voices.search(**asked)

    (fault,) = refused.value.body["detail"]
    assert fault["loc"] == ["query", field]
    assert words in fault["msg"]


@pytest.mark.parametrize("size", ["ten", "９", "1" * 5000, "-1", "1.0"])
async def test_a_page_of_no_size_is_refused(stage: Stage, size: str) -> None:
    assert (await stage.client.get("/v2/voices", params={"page_size": size})).status_code == 422


async def test_a_query_of_any_number_of_fields_is_answered_quickly(stage: Stage) -> None:
    assert (await stage.client.get("/v2/voices?" + "&".join(["voice_ids=a"] * 5000))).status_code == 422


async def test_settings_say_what_a_voice_here_has(client: AsyncElevenLabs) -> None:
    for settings in (await client.voices.settings.get("Pip-Boy"), await client.voices.settings.get_default()):
        assert settings.speed == 1.0
        assert (settings.stability, settings.style, settings.use_speaker_boost) == (None, None, None)


async def test_settings_that_clients_send_back_lose_nothing(client: AsyncElevenLabs, stage: Stage) -> None:
    settings = (await client.voices.settings.get("pip_boy")).model_dump()
    answer = await stage.client.post(
        "/v1/text-to-speech/pip_boy", json={"text": "Hello.", "voice_settings": settings}
    )

    assert answer.status_code == 200
    assert "x-segue-warnings" not in answer.headers


async def test_settings_of_nobody_are_not_found(client: AsyncElevenLabs) -> None:
    with pytest.raises(ApiError) as refused:
        await client.voices.settings.get("nobody")

    assert refused.value.status_code == 404
    assert "'nobody' was not found" in refused.value.body["detail"]["message"]


async def test_a_voice_is_told_by_any_spelling_of_its_name(client: AsyncElevenLabs) -> None:
    assert {(await client.voices.get(name)).voice_id for name in ("Pip-Boy", "pip boy", "ALLOY")} == {"pip_boy"}


async def test_the_document_describes_searches_and_settings(stage: Stage) -> None:
    paths = (await stage.client.get("/openapi.json")).json()["paths"]
    named = {parameter["name"] for parameter in paths["/v2/voices"]["get"]["parameters"]}

    assert {"/v1/voices/{voice_id}/settings", "/v1/voices/settings/default"} <= paths.keys()
    assert {"search", "page_size", "next_page_token", "sort", "voice_ids"} <= named
