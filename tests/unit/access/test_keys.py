"""Keys: who a secret belongs to, for how long, and what is kept of it."""

from __future__ import annotations

import msgspec
import pytest

from segue.access.keys import ID_PLACE, digest_of, drawn_secret, looks_like_one
from segue.access.register import NameTaken, NoSuchKey, WantedKey
from segue.access.roles import PERMISSIONS, AccessRefusal, Api, Caller, Permission, Role
from segue.access.state import created
from segue.kernel.errors import InvalidRequest, Unavailable
from segue.rollout.ports.store import Event
from segue.system.clock import SystemEntropy
from segue.testing.clock import FakeClock
from segue.testing.store import MemoryStore
from support.keys import keeping
from support.shaky import ShakyLog


def test_a_secret_names_its_key_and_holds_256_random_bits() -> None:
    secrets = {drawn_secret(SystemEntropy()) for _ in range(100)}
    assert len(secrets) == 100
    for secret in secrets:
        prefix, key_id, random = secret.split("_")
        assert (prefix, len(random) * 4) == ("sgk", 256)
        assert secret[ID_PLACE] == key_id
        assert looks_like_one(secret.encode())


@pytest.mark.parametrize(
    "secret",
    [b"", b"sgk_", b"sgk_" + b"0" * 77, b"x" * 81, b"sgk_" + b"0" * 12 + b"_" + b"0" * 65, b"\xff" * 10_000],
)
async def test_what_has_not_the_form_of_a_secret_is_nobodys(secret: bytes) -> None:
    known = keeping(MemoryStore().events).known
    assert not looks_like_one(secret)
    assert known.find(secret) is (AccessRefusal.UNKNOWN if secret else AccessRefusal.MISSING)


async def test_a_created_key_is_recognized_at_once_and_its_secret_is_not_kept() -> None:
    log = MemoryStore().events
    known, _, register = keeping(log)
    key, secret = await register.create(WantedKey("app", Role.SYNTHESIZE, ("ghoul",), (Api.OPENAI,)), "ann")

    assert known.find(secret.encode()) == Caller(
        "app", PERMISSIONS[Role.SYNTHESIZE], frozenset({"ghoul"}), (Api.OPENAI,)
    )
    (event,) = await log.read("keys")
    assert (event.actor, event.kind) == ("ann", "key_created")
    assert secret not in event.data
    assert secret.rpartition("_")[2] not in event.data
    assert key.digest == digest_of(secret.encode()).hex()


async def test_a_right_id_with_a_wrong_secret_is_unknown() -> None:
    known, _, register = keeping(MemoryStore().events)
    _, secret = await register.create(WantedKey("app", Role.ADMIN), "ann")
    wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    assert known.find(wrong.encode()) is AccessRefusal.UNKNOWN


async def test_a_revoked_key_is_refused_everywhere_it_is_followed() -> None:
    log = MemoryStore().events
    here, there = keeping(log), keeping(log)
    key, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
    await there.follower.catch_up()
    assert isinstance(there.known.find(secret.encode()), Caller)

    ended = await here.register.revoke(key.id, "bob")
    await there.follower.catch_up()
    assert ended.revoked_by == "bob"
    assert here.known.find(secret.encode()) is there.known.find(secret.encode()) is AccessRefusal.REVOKED
    assert await here.register.revoke(key.id, "cy") == ended, "revoking again changes nothing"
    with pytest.raises(NoSuchKey):
        await here.register.revoke("0" * 12, "bob")


async def test_a_key_expires_at_the_moment_and_by_the_wall_clock() -> None:
    clock = FakeClock(1000.0)
    known, _, register = keeping(MemoryStore().events, clock)
    _, secret = await register.create(WantedKey("app", Role.VIEW, expires_at_s=1060.0), "ann")
    clock.advance(59.999)
    assert isinstance(known.find(secret.encode()), Caller)
    clock.advance(0.001)
    assert known.find(secret.encode()) is AccessRefusal.EXPIRED
    clock.set_by(-30)
    assert isinstance(known.find(secret.encode()), Caller), "an expiry is a time of day, and that was set back"
    clock.set_by(3600)
    assert known.find(secret.encode()) is AccessRefusal.EXPIRED


async def test_steps_of_the_wall_clock_do_not_age_the_keys() -> None:
    clock = FakeClock()
    known, _, register = keeping(MemoryStore().events, clock, lasts_s=60)
    _, secret = await register.create(WantedKey("app", Role.VIEW), "ann")
    for step_s in (1e9, -2e9):
        clock.set_by(step_s)
        assert isinstance(known.find(secret.encode()), Caller)


async def test_without_the_store_the_last_known_keys_stay_valid_for_a_while() -> None:
    clock, log = FakeClock(), ShakyLog()
    known, follower, register = keeping(log, clock, lasts_s=60)
    _, secret = await register.create(WantedKey("app", Role.VIEW), "ann")
    log.gone = True
    clock.advance(60)
    with pytest.raises(Unavailable):
        await follower.catch_up()
    assert isinstance(known.find(secret.encode()), Caller)
    clock.advance(0.1)
    assert known.find(secret.encode()) is AccessRefusal.UNREAD
    log.gone = False
    await follower.catch_up()
    assert isinstance(known.find(secret.encode()), Caller)


async def test_before_the_first_reading_nobody_is_told_that_a_key_is_unknown() -> None:
    log = MemoryStore().events
    _, secret = await keeping(log).register.create(WantedKey("app", Role.VIEW), "ann")
    assert keeping(log).known.find(secret.encode()) is AccessRefusal.UNREAD


async def test_only_a_revoked_key_gives_its_name_free() -> None:
    clock = FakeClock()
    known, _, register = keeping(MemoryStore().events, clock)
    first, _ = await register.create(WantedKey("Phone app", Role.SYNTHESIZE), "ann")
    with pytest.raises(NameTaken, match=first.id):
        await register.create(WantedKey("phone APP", Role.SYNTHESIZE), "ann")
    await register.revoke(first.id, "ann")
    expires_at_s = clock.now_s() + 1
    second, old = await register.create(WantedKey("phone app", Role.SYNTHESIZE, expires_at_s=expires_at_s), "ann")
    clock.advance(1)
    with pytest.raises(
        NameTaken, match=rf"{second.id} is named 'phone app' already and has expired; .* revoke it"
    ):
        await register.create(WantedKey("phone app", Role.SYNTHESIZE), "ann")
    await register.revoke(second.id, "ann")
    await register.create(WantedKey("phone app", Role.SYNTHESIZE), "ann")
    clock.set_by(-3600)
    assert known.find(old.encode()) is AccessRefusal.REVOKED
    assert [key.name for key in await register.listed()] == ["Phone app", "phone app", "phone app"]


async def test_a_name_that_an_earlier_version_gave_twice_is_the_later_keys_even_if_the_clock_is_set_back() -> None:
    clock, log = FakeClock(), MemoryStore().events
    known, follower, register = keeping(log, clock)
    first, old = await register.create(WantedKey("app", Role.VIEW, expires_at_s=clock.now_s() + 1), "ann")
    second = msgspec.structs.replace(first, id="0" * 12, name="APP", expires_at_s=None, created_by="bob")
    await log.append(created(second, 2))
    clock.set_by(-3600)

    state = await follower.catch_up()
    assert known.find(old.encode()) is AccessRefusal.REVOKED
    assert (state.keys[first.id].revoked_by, state.keys[second.id].revoked_at_s) == ("bob", None)


async def test_a_revocation_counts_at_once_even_if_the_store_is_lost_right_after_it() -> None:
    log = LostAfterWriting()
    known, _, register = keeping(log)
    key, secret = await register.create(WantedKey("app", Role.VIEW), "ann")
    log.lost_after = "key_revoked"
    await register.revoke(key.id, "ann")
    assert known.find(secret.encode()) is AccessRefusal.REVOKED


async def test_a_refused_key_is_known_by_name_but_not_by_its_id_alone() -> None:
    clock = FakeClock()
    known, _, register = keeping(MemoryStore().events, clock)
    key, secret = await register.create(WantedKey("app", Role.VIEW, expires_at_s=clock.now_s() + 1), "ann")
    clock.advance(1)
    assert known.find(secret.encode()) is AccessRefusal.EXPIRED
    assert known.name_of(secret.encode()) == "app"
    for wrong in (secret[:-1] + "z", secret[:17], key.id, ""):
        assert known.name_of(wrong.encode()) == ""


class LostAfterWriting(ShakyLog):
    """A history that goes out of reach after an event of a kind was written."""

    lost_after = ""

    async def append(self, event: Event) -> None:
        await super().append(event)
        self.gone = event.kind == self.lost_after


@pytest.mark.parametrize(
    "name", ["", "  ", "a\nb", "a\x1b[2J", "x" * 65, "Judge", "admin-token", "sgk_0123", "\ud800"]
)
async def test_names_that_the_history_could_not_show_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        await keeping(MemoryStore().events).register.create(WantedKey(name, Role.VIEW), "ann")


async def test_an_expiry_in_the_past_is_refused() -> None:
    clock = FakeClock()
    wanted = WantedKey("app", Role.VIEW, expires_at_s=clock.now_s())
    with pytest.raises(InvalidRequest, match="in the past"):
        await keeping(MemoryStore().events, clock).register.create(wanted, "ann")


async def test_a_restored_backup_is_what_counts() -> None:
    log, other = MemoryStore(), MemoryStore()
    known, follower, register = keeping(log.events)
    _, old = await register.create(WantedKey("old", Role.VIEW), "ann")
    _, lost = await register.create(WantedKey("lost", Role.VIEW), "ann")
    for event in (await log.events.read("keys"))[:1]:
        await other.events.append(event)
    follower._events = other.events
    await follower.catch_up()
    assert isinstance(known.find(old.encode()), Caller)
    assert known.find(lost.encode()) is AccessRefusal.UNKNOWN


async def test_an_event_of_a_later_version_leaves_the_known_keys_in_force() -> None:
    log = MemoryStore().events
    known, follower, register = keeping(log)
    _, secret = await register.create(WantedKey("app", Role.VIEW), "ann")
    await log.append(Event("keys", 2, 0.0, "ann", "key_rotated", "{}"))
    with pytest.raises(Unavailable, match="'key_rotated'"):
        await follower.catch_up()
    assert isinstance(known.find(secret.encode()), Caller)


async def test_a_long_history_is_read_in_pages() -> None:
    log = MemoryStore().events
    writer = keeping(log)
    key, secret = await writer.register.create(WantedKey("first", Role.VIEW), "ann")
    for number in range(2, 2502):
        other = f"{number:012x}"
        await log.append(created(msgspec.structs.replace(key, id=other, name=other), number))
    reader = keeping(log)
    assert len((await reader.follower.catch_up()).keys) == 2501
    assert isinstance(reader.known.find(secret.encode()), Caller)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.SYNTHESIZE, {"list", "synthesize"}),
        (Role.VIEW, {"list", "view"}),
        (Role.OPERATE, {"list", "synthesize", "view", "operate"}),
        (Role.ADMIN, {"list", "synthesize", "view", "operate", "admin"}),
    ],
)
def test_each_role_may_do_exactly_this(role: Role, may: set[str]) -> None:
    caller = Caller("app", PERMISSIONS[role])
    for permission in Permission:
        expected = None if permission in may else AccessRefusal.ROLE
        assert caller.refusal(Api.NATIVE, permission) is expected


def test_a_key_for_some_doors_is_refused_at_the_others() -> None:
    caller = Caller("app", PERMISSIONS[Role.ADMIN], apis=(Api.OPENAI,))
    assert caller.refusal(Api.OPENAI, Permission.SYNTHESIZE) is None
    assert caller.refusal(Api.CONTROL, Permission.ADMIN) is AccessRefusal.API
