"""Lists that ElevenLabs' clients request first: voices, models, and the account.

The service has no accounts. For clients that read one, it returns a subscription with no usage and large limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from segue.api.asgi import Response, headers_of
from segue.api.elevenlabs.errors import refused
from segue.api.elevenlabs.request import DIALECT, character_named
from segue.api.elevenlabs.search import VoiceSearch, searched
from segue.api.elevenlabs.wire import (
    ElevenLabsLanguage,
    ElevenLabsModel,
    ElevenLabsSettings,
    ElevenLabsVoice,
    ElevenLabsVoiceList,
)
from segue.api.refusals import WrongMethod
from segue.kernel.errors import InvalidRequest
from segue.speech.core.catalogue import ARM_NAMES, primary_language

if TYPE_CHECKING:
    from segue.api.asgi import Receive, Scope, Send
    from segue.api.context import Context
    from segue.speech.core.catalogue import Catalogue, Character

MODELS = ("eleven_v3", "eleven_multilingual_v2", "eleven_flash_v2_5", "eleven_turbo_v2_5")
"""Models that apps name; the rollout decides which arm answers for them."""

VOICE_PREFIX = "/v1/voices/"
SEARCH = "/v2/voices"
_SETTINGS_OF = "/settings"
_JSON = (b"content-type", b"application/json")
_PLENTY_CHARS = 1_000_000_000


class ListsEndpoint:
    """The lists as a plain ASGI application."""

    def __init__(self, context: Context) -> None:
        self._context = context
        catalogue = context.catalogue
        voices = [_voice(character) for character in catalogue.characters.values()]
        encode = msgspec.json.encode
        listed = encode(ElevenLabsVoiceList(voices, total_count=len(voices)))
        self._voices = {voice.voice_id: encode(voice) for voice in voices}
        self._searchable = voices
        self._settings = encode(ElevenLabsSettings())
        self._lists = {
            "/v1/voices": listed,
            VOICE_PREFIX + "settings/default": self._settings,
            "/v1/models": encode(_models(catalogue, context.max_input_chars)),
            "/v1/user": encode(_USER),
            "/v1/user/subscription": encode(_USER["subscription"]),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        try:
            answer = Response(200, [_JSON], self._answer(scope))
        except InvalidRequest as error:
            self._context.note_refusal(DIALECT, error)
            answer = refused(error, self._context.identity.request_id(headers_of(scope)))
        await answer(send)

    def _answer(self, scope: Scope) -> bytes:
        """The body; raises InvalidRequest for a wrong method, an unknown voice, or an invalid search."""
        path: str = scope["path"]
        if scope["method"] != "GET":
            raise WrongMethod(scope["method"], "GET")
        if path == SEARCH:
            found = searched(self._context.catalogue, self._searchable, VoiceSearch(scope["query_string"]))
            return msgspec.json.encode(found)
        return self._lists.get(path) or self._of_one(path.removeprefix(VOICE_PREFIX))

    def _of_one(self, name: str) -> bytes:
        voice = self._voices[character_named(self._context, name.removesuffix(_SETTINGS_OF))]
        return self._settings if name.endswith(_SETTINGS_OF) else voice


def _voice(character: Character) -> ElevenLabsVoice:
    return ElevenLabsVoice(
        voice_id=character.key,
        name=character.name,
        category="premade",
        labels={},
        description=f"The character {character.key}",
    )


def _models(catalogue: Catalogue, max_chars: int) -> list[ElevenLabsModel]:
    language = primary_language(catalogue.language)
    spoken = [ElevenLabsLanguage(language, catalogue.language)]
    arms = (*(spec.model for spec in catalogue.arms.values()), *ARM_NAMES)
    described = {
        **dict.fromkeys(MODELS, "as the rollout decides"),
        **dict.fromkeys(arms, "one arm of the rollout"),
    }
    return [
        ElevenLabsModel(name, name, text, spoken, max_chars, max_chars, max_chars)
        for name, text in described.items()
    ]


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
