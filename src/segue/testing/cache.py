"""The contract suite for caches."""

from __future__ import annotations

from segue.speech.core.speech import Container, EncodedAudio
from segue.speech.ports.cache import AudioCache, CacheEntry


def an_entry(size_bytes: int = 1000, stored_at_s: float = 1_000_000.0) -> CacheEntry:
    audio = EncodedAudio(b"\xff" * size_bytes, Container.MP3, 24_000, 1.5, "ab" * 16)
    return CacheEntry(audio, "Babble en-US", "babble", stored_at_s)


class CacheContract:
    """Subclass it with a fixture ``cache``: an empty cache whose clock is at 1,000,000 s and whose limits are
    100 kB and 1 day.
    """

    async def test_what_was_put_is_got_whole(self, cache: AudioCache) -> None:
        await cache.put("a" * 40, an_entry())
        found = await cache.get("a" * 40)
        assert found is not None
        assert found[0] == an_entry()

    async def test_what_was_put_stands_as_was_answered(self, cache: AudioCache) -> None:
        assert await cache.put("a" * 40, an_entry()) == await cache.stands("a" * 40)

    async def test_what_was_not_put_does_not_stand(self, cache: AudioCache) -> None:
        cache.hold("a" * 40, an_entry(1_000_000))

        assert not await cache.stands("a" * 40)
        assert not await cache.stands("b" * 40)

    async def test_an_entry_larger_than_all_does_not_stand(self, cache: AudioCache) -> None:
        assert not await cache.put("a" * 40, an_entry(1_000_000))
        assert not await cache.stands("a" * 40)

    async def test_what_was_not_put_is_a_miss(self, cache: AudioCache) -> None:
        assert await cache.get("b" * 40) is None
        assert cache.peek("b" * 40) is None

    async def test_putting_again_replaces(self, cache: AudioCache) -> None:
        await cache.put("a" * 40, an_entry(10))
        await cache.put("a" * 40, an_entry(20))
        found = await cache.get("a" * 40)
        assert found is not None
        assert len(found[0].audio.data) == 20

    async def test_an_old_entry_is_a_miss(self, cache: AudioCache) -> None:
        await cache.put("a" * 40, an_entry(stored_at_s=1_000_000.0 - 2 * 86_400))
        assert await cache.get("a" * 40) is None

    async def test_an_entry_larger_than_all_is_not_harmful(self, cache: AudioCache) -> None:
        await cache.put("a" * 40, an_entry(1_000_000))
        await cache.put("b" * 40, an_entry())
        assert await cache.get("b" * 40) is not None

    async def test_what_is_held_is_at_hand_or_not_kept(self, cache: AudioCache) -> None:
        cache.hold("a" * 40, an_entry())

        assert cache.peek("a" * 40) == await cache.get("a" * 40)

    async def test_what_was_dropped_is_kept_nowhere(self, cache: AudioCache) -> None:
        await cache.put("a" * 40, an_entry())
        await cache.put("b" * 40, an_entry())

        assert await cache.drop("a" * 40)
        assert await cache.drop("a" * 40), "it is gone, whoever did it"
        assert await cache.get("a" * 40) is cache.peek("a" * 40) is None
        assert not await cache.stands("a" * 40)
        assert await cache.get("b" * 40) is not None
        assert await cache.dropped_at_s("b" * 40) == 0.0

    async def test_what_is_put_after_it_was_dropped_is_kept(self, cache: AudioCache) -> None:
        await cache.put("a" * 40, an_entry())
        await cache.drop("a" * 40)
        await cache.put("a" * 40, an_entry(stored_at_s=1_000_001.0))

        found = await cache.get("a" * 40)
        assert found is not None
        assert found[0].stored_at_s > await cache.dropped_at_s("a" * 40)

    async def test_it_can_be_closed_twice(self, cache: AudioCache) -> None:
        await cache.close()
        await cache.close()
