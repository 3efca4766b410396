"""Whose request it is, where nobody says so plainly."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from segue.api.identity import Identity, UnitRules
from segue.kernel.arms import Unit, UnitSource
from segue.kernel.errors import InvalidRequest
from segue.system.clock import SystemEntropy

EVERYTHING = {
    b"x-user-id": b"ann",
    b"x-end-user": b"bob",
    b"x-session-id": b"monday",
    b"cookie": b"theme=dark; segue_unit=carol; other=1",
    b"authorization": b"Bearer sk-123",
}
IN_ORDER = [
    (UnitSource.USER, "ann", b"x-user-id"),
    (UnitSource.END_USER, "bob", b"x-end-user"),
    (UnitSource.SESSION, "monday", b"x-session-id"),
    (UnitSource.COOKIE, "carol", b"cookie"),
]


def identity(**rules: object) -> Identity:
    return Identity(SystemEntropy(), UnitRules(salt="chirp3", **rules))  # type: ignore[arg-type]


def test_the_sources_are_asked_in_order() -> None:
    headers = dict(EVERYTHING)
    for source, name, header in IN_ORDER:
        assert identity().unit(headers, None, None) == Unit(name, source)
        del headers[header]

    assert identity().unit(headers, None, None).source is UnitSource.KEY
    assert identity().unit({}, None, None).source is UnitSource.RANDOM


def test_what_the_body_names_goes_before_the_header_of_the_same_meaning() -> None:
    assert identity().unit(EVERYTHING, "dave", None) == Unit("dave", UnitSource.USER)
    headers = {name: value for name, value in EVERYTHING.items() if name != b"x-user-id"}
    assert identity().unit(headers, None, None, end_user="eve") == Unit("eve", UnitSource.END_USER)


def test_the_operator_chooses_the_sources_and_their_order() -> None:
    chosen = identity(sources=(UnitSource.COOKIE, UnitSource.USER))

    assert chosen.unit(EVERYTHING, None, None) == Unit("carol", UnitSource.COOKIE)
    assert chosen.unit({b"authorization": b"Bearer sk-123"}, None, None).source is UnitSource.RANDOM


def test_header_and_cookie_have_the_names_that_the_operator_gives() -> None:
    named = identity(end_user_header="X-Customer", cookie="uid")

    assert named.unit({b"x-customer": b"bob"}, None, None) == Unit("bob", UnitSource.END_USER)
    assert named.unit({b"cookie": b'uid="carol"'}, None, None) == Unit("carol", UnitSource.COOKIE)
    assert named.unit({b"cookie": b"segue_unit=carol"}, None, None).source is UnitSource.RANDOM


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer sk-123"},
        {b"authorization": b"bearer   sk-123"},
        {b"xi-api-key": b"sk-123"},
        {b"x-goog-api-key": b"sk-123"},
    ],
)
def test_a_key_is_the_same_unit_in_whichever_header_it_comes(headers: dict[bytes, bytes]) -> None:
    digest = blake2b(b"sk-123", digest_size=16, key=b"chirp3").hexdigest()

    assert identity().unit(headers, None, None) == Unit(f"key:{digest}", UnitSource.KEY)


def test_a_key_is_another_unit_under_another_salt_and_never_in_clear() -> None:
    here = identity().unit({b"xi-api-key": b"sk-123"}, None, None).identity
    there = Identity(SystemEntropy(), UnitRules(salt="next")).unit({b"xi-api-key": b"sk-123"}, None, None).identity

    assert here != there
    assert "sk-123" not in here + there


def test_a_name_is_the_same_unit_in_a_header_as_in_a_body() -> None:
    in_header = identity().unit({b"x-user-id": "使用者甲".encode()}, None, None)

    assert in_header == identity().unit({}, "使用者甲", None)


def test_a_header_that_is_not_utf_8_still_names_someone() -> None:
    assert identity().unit({b"x-user-id": b"andr\xe9"}, None, None) == Unit("andré", UnitSource.USER)


@pytest.mark.parametrize(
    "headers", [{b"cookie": b"segue_unit="}, {b"cookie": b"segue_unit"}, {b"authorization": b"Basic YTpi"}]
)
def test_what_names_nobody_is_passed_over(headers: dict[bytes, bytes]) -> None:
    assert identity().unit(headers, "", "").source is UnitSource.RANDOM


def test_a_name_too_long_is_refused_by_its_field() -> None:
    with pytest.raises(InvalidRequest, match="user_id has 257 characters") as caught:
        identity().unit({b"x-user-id": b"x" * 257}, None, None)

    assert caught.value.field == "user_id"


def test_each_request_of_nobody_is_a_unit_that_its_id_does_not_tell() -> None:
    one, other = identity(), identity()
    names = [maker.unit({}, None, None).identity for maker in (one, one, one, other, other)]

    assert len(set(names)) == len(names)
    assert names[3][:32] != names[0][:32] == names[2][:32]
    assert one.request_id({})[:16] not in names[0]
