"""The contract suite for notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.ports.store import Note

if TYPE_CHECKING:
    from segue.rollout.ports.store import Store


class NotesContract:
    """Subclass it with a fixture ``store``, started and empty."""

    async def test_nothing_was_said_of_what_nobody_noted(self, store: Store) -> None:
        assert await store.notes.get("none") is None

    async def test_each_word_replaces_the_one_before(self, store: Store) -> None:
        await store.notes.put("look", Note(1.0, '"first"'))
        await store.notes.put("look", Note(2.5, '"第二"'))
        assert await store.notes.get("look") == Note(2.5, '"第二"')

    async def test_keys_are_apart(self, store: Store) -> None:
        await store.notes.put("鍵" * 256, Note(1.0, "1"))
        await store.notes.put("look\0", Note(2.0, "\0"))
        assert await store.notes.get("鍵" * 256) == Note(1.0, "1")
        assert await store.notes.get("look\0") == Note(2.0, "\u2400")
        assert await store.notes.get("look") is None
