"""What ElevenLabs' clients ask for before they speak: voices, models, and who they are.

There are no accounts: the subscription says that nothing is used up and nothing runs out, for clients that read
one before they work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from segue.api.asgi import Response, headers_of
from segue.api.elevenlabs.errors import NoSuchVoice, refused
from segue.api.elevenlabs.wire import Language, Model, Voice, VoiceList
from segue.core.catalogue import ARM_NAMES, primary_language

if TYPE_CHECKING:
    from segue.api.asgi import Receive, Scope, Send
    from segue.api.context import Context
    from segue.core.catalogue import Catalogue, Character

MODELS = ("eleven_v3", "eleven_multilingual_v2", "eleven_flash_v2_5", "eleven_turbo_v2_5")
"""Named by apps as they come; the rollout decides who answers for them."""

VOICE_PREFIX = "/v1/voices/"
_JSON = (b"content-type", b"application/json")
_PLENTY_CHARS = 1_000_000_000


class ListsDoor:
    """The lists as a plain ASGI application; ``paths`` are those that stand for one list each."""

    def __init__(self, context: Context) -> None:
        self._context = context
        catalogue = context.catalogue
        voices = [_voice(character) for character in catalogue.characters.values()]
        encode = msgspec.json.encode
        listed = encode(VoiceList(voices, total_count=len(voices)))
        self._voices = {voice.voice_id: encode(voice) for voice in voices}
        self._lists = {
            "/v1/voices": listed,
            "/v2/voices": listed,
            "/v1/models": encode(_models(catalogue, context.max_input_chars)),
            "/v1/user": encode(_USER),
            "/v1/user/subscription": encode(_USER["subscription"]),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["method"] != "GET":
            await Response(405, [(b"allow", b"GET")], b"")(send)
            return
        found = self._lists.get(scope["path"])
        if found is None:
            await self._voice(scope)(send)
            return
        await Response(200, [_JSON], found)(send)

    def _voice(self, scope: Scope) -> Response:
        name = scope["path"].removeprefix(VOICE_PREFIX)
        found = self._voices.get(self._context.catalogue.aliases.get(name, name))
        if found is not None:
            return Response(200, [_JSON], found)
        error = NoSuchVoice(f"A voice with voice_id '{name[:64]}' was not found; GET /v1/voices lists them")
        return refused(error, self._context.identity.request_id(headers_of(scope)))


def _voice(character: Character) -> Voice:
    """Speed 1 is the character's own pace: clients send back what they were told."""
    return Voice(
        voice_id=character.key,
        name=character.name,
        category="premade",
        labels={},
        description=f"The character {character.key}",
        settings={"speed": 1.0},
    )


def _models(catalogue: Catalogue, max_chars: int) -> list[Model]:
    language = primary_language(catalogue.language)
    spoken = [Language(language, catalogue.language)]
    arms = (*(spec.model for spec in catalogue.arms.values()), *ARM_NAMES)
    described = {
        **dict.fromkeys(MODELS, "as the rollout decides"),
        **dict.fromkeys(arms, "one arm of the rollout"),
    }
    return [Model(name, name, text, spoken, max_chars, max_chars, max_chars) for name, text in described.items()]


_USER: dict[str, Any] = {
    "user_id": "segue",
    "workspace_id": "segue",
    "is_new_user": False,
    "can_use_delayed_payment_methods": False,
    "is_onboarding_completed": True,
    "is_onboarding_checklist_completed": True,
    "created_at": 0,
    "seat_type": "workspace_member",
    "subscription": {
        "tier": "segue",
        "status": "active",
        "character_count": 0,
        "character_limit": _PLENTY_CHARS,
        "max_credit_limit_extension": "unlimited",
        "can_extend_character_limit": True,
        "allowed_to_extend_character_limit": True,
        "voice_slots_used": 0,
        "voice_limit": 0,
        "professional_voice_slots_used": 0,
        "professional_voice_slots_used_in_workspace": 0,
        "professional_voice_limit": 0,
        "can_extend_voice_limit": False,
        "can_use_instant_voice_cloning": False,
        "can_use_professional_voice_cloning": False,
        "current_overage": {"amount": "0", "currency": "usd"},
    },
}
