"""``GET /v2/voices``: the voices that match a query, in pages.

These voices have names, but no labels and no owner, so a search for a label or an owner finds none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from segue.api.elevenlabs.wire import ElevenLabsVoiceList
from segue.kernel.errors import InvalidRequest
from segue.kernel.names import folded
from segue.speech.core.catalogue import primary_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.api.elevenlabs.wire import ElevenLabsVoice
    from segue.speech.core.catalogue import Catalogue

_MOST_FIELDS = 300
MOST_ON_A_PAGE = 100
_MOST_SAID_CHARS = 64
SORTS = ("name", "created_at_unix")
DIRECTIONS = ("asc", "desc")
_HAD_BY_NONE = "fine_tuning_state collection_id gender age accent use_cases min_notice_period_days".split()
_OURS = "default"
TYPES = (_OURS, "personal", "community", "workspace", "non-default", "non-community", "saved")
PARAMETERS = (
    *("search", "page_size", "next_page_token", "sort", "sort_direction", "voice_type", "category", "voice_ids"),
    *("language", "high_quality", *_HAD_BY_NONE),
)


class VoiceSearch:
    """The parameters of a search; empty fields are ignored.

    Raises:
        InvalidRequest: there are more than 300 fields.
    """

    def __init__(self, query: bytes) -> None:
        try:
            self._values = parse_qs(query.decode("latin-1"), max_num_fields=_MOST_FIELDS, errors="replace")
        except ValueError:
            raise InvalidRequest(f"the query has more than {_MOST_FIELDS} fields") from None

    def all(self, field: str) -> list[str]:
        return self._values.get(field, [])

    def one(self, field: str) -> str:
        return self._values.get(field, [""])[-1].strip()

    def word(self, field: str, known: Sequence[str]) -> str:
        """The field's value, in lower case; raises InvalidRequest if it is not one of ``known``."""
        found = self.one(field).casefold()
        if found and found not in known:
            shown = self.one(field)[:_MOST_SAID_CHARS]
            raise InvalidRequest(f"{field} must be one of {', '.join(known)}, not {shown!r}", field=field)
        return found

    def page_size(self) -> int:
        """The page size; by default the maximum."""
        text = self.one("page_size")
        if text and not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_ON_A_PAGE):
            raise InvalidRequest(
                f"page_size must be a whole number from 1 to {MOST_ON_A_PAGE}, not {text[:_MOST_SAID_CHARS]!r}",
                field="page_size",
            )
        return int(text) if text else MOST_ON_A_PAGE


def searched(catalogue: Catalogue, voices: Sequence[ElevenLabsVoice], query: VoiceSearch) -> ElevenLabsVoiceList:
    """One page. ``next_page_token`` is the id of its last voice.

    Raises:
        InvalidRequest: a parameter has a value that ElevenLabs' API does not allow either.
    """
    size = query.page_size()
    found = _sorted(_found(catalogue, voices, query), query)
    first = _place_after(query.one("next_page_token"), found)
    page = found[first : first + size]
    has_more = first + size < len(found)
    return ElevenLabsVoiceList(page, has_more, len(found), page[-1].voice_id if has_more else None)


def _found(catalogue: Catalogue, voices: Sequence[ElevenLabsVoice], query: VoiceSearch) -> list[ElevenLabsVoice]:
    if _asks_for_others(catalogue, query):
        return []
    ids = {_key(catalogue, name) for name in query.all("voice_ids")[:MOST_ON_A_PAGE]}
    category, words = query.one("category").casefold(), folded(query.one("search"))
    return [
        voice
        for voice in voices
        if (not ids or voice.voice_id in ids)
        and category in ("", voice.category)
        and words in folded(f"{voice.voice_id} {voice.name} {voice.description} {voice.category}")
    ]


def _asks_for_others(catalogue: Catalogue, query: VoiceSearch) -> bool:
    """Whether the query asks for a kind of voices that does not exist here, or for another language."""
    languages = {primary_language(tag) for tag in query.all("language")}
    return (
        query.word("voice_type", TYPES) not in ("", _OURS)
        or any(map(query.one, _HAD_BY_NONE))
        or query.one("high_quality").casefold() in ("true", "1")
        or bool(languages and primary_language(catalogue.language) not in languages)
    )


def _key(catalogue: Catalogue, name: str) -> str:
    try:
        return catalogue.character(name).key
    except InvalidRequest:
        return ""


def _sorted(voices: list[ElevenLabsVoice], query: VoiceSearch) -> list[ElevenLabsVoice]:
    """Sorted by name if requested; otherwise in the catalogue's order, because voices have no creation time."""
    if query.word("sort", SORTS) == "name":
        voices = sorted(voices, key=lambda voice: (voice.name.casefold(), voice.voice_id))
    return voices[::-1] if query.word("sort_direction", DIRECTIONS) == "desc" else voices


def _place_after(token: str, voices: Sequence[ElevenLabsVoice]) -> int:
    if not token:
        return 0
    place = next((number for number, voice in enumerate(voices) if voice.voice_id == token), None)
    if place is None:
        raise InvalidRequest(
            "next_page_token is not from this search; send the token of the previous page", field="next_page_token"
        )
    return place + 1
