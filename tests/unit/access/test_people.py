"""People by the tokens of their issuer: what is taken, what is refused, and what an issuer's faults cost."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from segue.access.issuer import AGAIN_AFTER_S, MOST_BYTES, READ_EVERY_S, IssuerKeys
from segue.access.keys import folded
from segue.access.people import LEEWAY_S, People, PeopleRules, PersonRefusal, claim_at, role_of
from segue.access.roles import AccessRefusal, Api, Caller, Permission, Role
from segue.testing.clock import FakeClock
from support.issuer import AUDIENCE, DISCOVERY, KEYS, Issuer, SigningKey, issuing, key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

ROLES = {"sre": Role.OPERATE, "everyone": Role.VIEW, "leads": Role.ADMIN, "Domain Admins": Role.ADMIN}
DAY_S = 86_400.0
FETCH_S = 2.0


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(key("one")) as found:
        yield found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@asynccontextmanager
async def knowing(issuer: Issuer, clock: FakeClock, **rules: Any) -> AsyncIterator[People]:
    keys = IssuerKeys(issuer.url, httpx.AsyncClient(), clock, DAY_S, FETCH_S)
    usual = PeopleRules(issuer.url, AUDIENCE, "groups", ROLES, "email")
    yield People(usual._replace(**rules), keys, lambda name: folded(name) == "phone app")
    await keys.close()


@pytest.fixture
async def people(issuer: Issuer, clock: FakeClock) -> AsyncIterator[People]:
    async with knowing(issuer, clock) as found:
        yield found


async def admitted(people: People, token: str) -> Caller:
    found = await people.find(token.encode())
    assert isinstance(found, Caller), found
    return found


async def refused(people: People, token: str) -> PersonRefusal:
    assert people.may_know(token.encode())
    found = await people.find(token.encode())
    assert isinstance(found, PersonRefusal), found
    return found


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def test_a_token_of_the_issuer_is_a_person_with_the_role_of_their_groups(
    people: People, issuer: Issuer
) -> None:
    found = await admitted(people, key("one").signed(issuer.claims()))

    assert (found.name, found.is_person, found.is_token) == ("ann@example.com", True, False)
    assert found.refusal(Api.CONTROL, Permission.OPERATE) is None
    assert found.refusal(Api.CONTROL, Permission.ADMIN) is AccessRefusal.ROLE
    assert found.refusal(Api.OPENAI, Permission.SYNTHESIZE) is AccessRefusal.API


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
async def test_algorithms_with_a_key_pair_are_taken(clock: FakeClock, algorithm: str) -> None:
    with issuing(key(algorithm, algorithm)) as issuer:
        async with knowing(issuer, clock) as people:
            assert (await admitted(people, key(algorithm, algorithm).signed(issuer.claims()))).is_person


async def test_a_key_that_names_no_algorithm_is_of_its_types_usual_one(people: People, issuer: Issuer) -> None:
    issuer.published = [{name: value for name, value in key("one").published.items() if name != "alg"}]

    await admitted(people, key("one").signed(issuer.claims()))
    other = SigningKey("one", "RS512", key("one").private)
    assert (await refused(people, other.signed(issuer.claims()))).is_guess


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"aud": "another"}, AccessRefusal.UNKNOWN, "another audience"),
        ({"aud": ["one", "two"]}, AccessRefusal.UNKNOWN, "another audience"),
        ({"exp": int(time.time()) - 3600}, AccessRefusal.EXPIRED, "has expired"),
        ({"nbf": int(time.time()) + 3600}, AccessRefusal.UNKNOWN, "not valid yet"),
        ({"iat": int(time.time()) + 3600}, AccessRefusal.UNKNOWN, "not valid yet"),
        ({"exp": None}, AccessRefusal.UNKNOWN, "lacks the claim 'exp'"),
        ({"sub": None}, AccessRefusal.UNKNOWN, "lacks the claim 'sub'"),
        ({"aud": None}, AccessRefusal.UNKNOWN, "audience|'aud'"),
    ],
    ids=["audience", "audiences", "expired", "not yet", "issued later", "no expiry", "no subject", "no audience"],
)
async def test_what_a_signed_token_says_wrong_is_told_and_is_no_guess(
    people: People, issuer: Issuer, change: dict[str, Any], reason: AccessRefusal, words: str
) -> None:
    found = await refused(people, key("one").signed(issuer.claims(**change)))

    assert found.reason is reason
    assert not found.is_guess
    assert any(word in found.told for word in words.split("|")), found.told


async def test_a_token_of_another_issuer_is_refused_without_asking_anybody(people: People, issuer: Issuer) -> None:
    found = await refused(people, key("one").signed(issuer.claims(iss="https://evil.example")))

    assert f"not of the issuer {issuer.url}" in found.told
    assert found.is_guess
    assert issuer.asked == []


async def test_clocks_may_be_apart_a_little(people: People, issuer: Issuer) -> None:
    early_s, late_s = (int(time.time() + sign * 0.5 * LEEWAY_S) for sign in (1, -1))

    await admitted(people, key("one").signed(issuer.claims(iat=early_s, nbf=early_s)))
    await admitted(people, key("one").signed(issuer.claims(exp=late_s)))


async def test_a_token_without_a_signature_is_refused(people: People, issuer: Issuer) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        token = f"{encoded({'alg': algorithm, 'kid': 'one'})}.{encoded(issuer.claims())}."
        assert (await refused(people, token)).is_guess


async def test_the_public_key_is_no_shared_secret(people: People, issuer: Issuer) -> None:
    public = key("one").private.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key("one").published).encode(),
    ]
    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{encoded(issuer.claims())}"
    for secret in secrets:
        signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256")).rstrip(b"=").decode()
        assert (await refused(people, f"{signed}.{signature}")).is_guess


async def test_a_shared_secret_that_an_issuer_publishes_by_mistake_signs_nothing(
    people: People, issuer: Issuer
) -> None:
    secret = "s" * 64
    shared = {
        "kty": "oct",
        "kid": "shared",
        "alg": "HS256",
        "k": base64.urlsafe_b64encode(secret.encode()).decode(),
    }
    issuer.published.append(shared)
    token = jwt.encode(issuer.claims(), secret, "HS256", headers={"kid": "shared"})

    assert (await refused(people, token)).is_guess


async def test_a_key_for_encryption_signs_nothing(people: People, issuer: Issuer) -> None:
    issuer.published.append(key("two").published | {"use": "enc"})

    assert (await refused(people, key("two").signed(issuer.claims()))).is_guess


async def test_a_key_that_is_too_short_signs_nothing(people: People, issuer: Issuer) -> None:
    short = SigningKey("short", "RS256", rsa.generate_private_key(65537, 1024))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = short.signed(issuer.claims())
    issuer.publish(key("one"), short)

    assert (await refused(people, token)).is_guess


async def test_a_signature_by_another_key_is_refused(people: People, issuer: Issuer) -> None:
    found = await refused(people, SigningKey("one", "RS256", key("two").private).signed(issuer.claims()))

    assert found.is_guess
    assert "not valid" in found.told


async def test_claims_that_were_changed_are_refused(people: People, issuer: Issuer) -> None:
    head, _, signature = key("one").signed(issuer.claims()).split(".")

    assert (await refused(people, f"{head}.{encoded(issuer.claims(groups=['leads']))}.{signature}")).is_guess


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "secevent+jwt"])
async def test_other_tokens_of_the_issuer_say_nothing_of_who_somebody_is(
    people: People, issuer: Issuer, kind: str
) -> None:
    assert "type (typ)" in (await refused(people, key("one").signed(issuer.claims(), typ=kind))).told


async def test_an_extension_that_nobody_understands_is_refused(people: People, issuer: Issuer) -> None:
    token = key("one").signed(issuer.claims(), crit=["other"], other=1)

    assert (await refused(people, token)).is_guess


@pytest.mark.parametrize(
    "header",
    [{"alg": []}, {"alg": {}}, {"alg": None}, {"typ": []}, {"typ": {"a": 1}}, {"kid": 7}, {"kid": ["one"]}],
    ids=str,
)
async def test_headers_of_any_shape_are_refused(people: People, issuer: Issuer, header: dict[str, Any]) -> None:
    _, body, signature = key("one").signed(issuer.claims()).split(".")
    odd = encoded({"alg": "RS256", "typ": "JWT", "kid": "one"} | header)

    assert (await refused(people, f"{odd}.{body}.{signature}")).reason is AccessRefusal.UNKNOWN


@pytest.mark.parametrize(
    "body", [b"[" * 9000, b'{"a":' * 1500, b"[]", b"7", b'"text"', b"\xff", b"", b'{"iss": NaN}'], ids=len
)
async def test_bodies_of_any_shape_are_refused(people: People, body: bytes) -> None:
    packed = base64.urlsafe_b64encode(body).rstrip(b"=").decode()

    assert (await refused(people, f"{encoded({'alg': 'RS256', 'kid': 'one'})}.{packed}.AAAA")).is_guess


@pytest.mark.parametrize("exp", [float("inf"), float("nan"), "soon", [], {}, True, -1, 10**30], ids=str)
async def test_times_of_any_shape_crash_nothing(people: People, issuer: Issuer, exp: Any) -> None:
    found = await people.find(key("one").signed(issuer.claims(exp=exp)).encode())

    assert isinstance(found, Caller | PersonRefusal)


@pytest.mark.parametrize(
    "token", ["eyJ..", "eyJhbGciOiJSUzI1NiJ9.e30.x", f"eyJ{'x' * 20_000}.e30.x", "eyJ\xff.\xff."]
)
async def test_what_only_looks_like_a_token_is_refused(people: People, token: str) -> None:
    assert (await refused(people, token)).is_guess


def test_keys_and_other_words_are_no_tokens(people: People) -> None:
    assert not people.may_know(b"sgk_" + b"0" * 12 + b"_" + b"f" * 64)
    assert not people.may_know(b"eyJ-an-admin-token")
    assert not people.may_know(b"")


async def test_an_unknown_key_is_looked_for_once_in_a_while(
    people: People, issuer: Issuer, clock: FakeClock
) -> None:
    await admitted(people, key("one").signed(issuer.claims()))
    found = await refused(people, key("two").signed(issuer.claims()))
    for _ in range(4):
        assert await refused(people, key("two").signed(issuer.claims())) == found

    assert found.is_guess
    assert "does not publish" in found.told
    assert issuer.asked.count(KEYS) == 1
    clock.advance(AGAIN_AFTER_S)
    await refused(people, key("two").signed(issuer.claims()))
    assert issuer.asked.count(KEYS) == 2


async def test_a_new_key_is_found_and_a_withdrawn_one_refused(
    people: People, issuer: Issuer, clock: FakeClock
) -> None:
    before = key("one").signed(issuer.claims())
    await admitted(people, before)
    issuer.publish(key("two"))
    clock.advance(AGAIN_AFTER_S)

    await admitted(people, key("two").signed(issuer.claims()))
    assert (await refused(people, before)).reason is AccessRefusal.UNKNOWN
    assert isinstance(people.find_known(before.encode()), PersonRefusal)


async def test_a_token_that_names_no_key_means_the_only_one(
    people: People, issuer: Issuer, clock: FakeClock
) -> None:
    token = jwt.encode(issuer.claims(), key("one").private, "RS256")
    await admitted(people, token)
    issuer.publish(key("one"), key("two"))
    clock.advance(AGAIN_AFTER_S)
    await refused(people, key("three").signed(issuer.claims()))

    assert (await refused(people, token)).reason is AccessRefusal.UNKNOWN


async def test_without_its_issuer_the_known_keys_go_on_and_an_unknown_one_is_told_why(
    people: People, issuer: Issuer, clock: FakeClock
) -> None:
    token = key("one").signed(issuer.claims())
    await admitted(people, token)
    issuer.answers[KEYS] = (503, b"")
    clock.advance(AGAIN_AFTER_S)
    found = await refused(people, key("two").signed(issuer.claims()))

    assert found.reason is AccessRefusal.UNKNOWN
    assert not found.is_guess
    assert "the latest keys of the issuer could not be read" in found.told
    await admitted(people, token)


async def test_keys_that_were_not_confirmed_for_too_long_are_not_used(
    people: People, issuer: Issuer, clock: FakeClock
) -> None:
    token = key("one").signed(issuer.claims())
    await admitted(people, token)
    issuer.answers[KEYS] = (503, b"")
    clock.advance(DAY_S + 1)

    assert (await refused(people, token)).reason is AccessRefusal.UNREAD


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (DISCOVERY, (500, b"")),
        (DISCOVERY, (404, b"")),
        (DISCOVERY, (200, b"<html>")),
        (DISCOVERY, (200, b"[]")),
        (DISCOVERY, (200, b'{"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"}')),
        (KEYS, (200, b'{"keys": []}')),
        (KEYS, (200, b'{"keys": {"a": 1}}')),
        (KEYS, (200, b'{"keys": [{"kty": "RSA"}, 7, {"kty": "oct", "k": "AAAA"}]}')),
        (KEYS, (200, b'{"keys": [{"kty": [], "alg": []}, {"kty": "EC", "crv": {}}, {"kty": "RSA", "n": 1}]}')),
        (KEYS, (200, b"[" * 100_000)),
        (KEYS, (200, b'{"keys": "' + b"x" * MOST_BYTES + b'"}')),
    ],
    ids=["500", "404", "html", "list", "other issuer", "none", "object", "unusable", "odd", "deep", "large"],
)
async def test_an_issuer_that_answers_nonsense_is_one_that_cannot_be_reached(
    people: People, issuer: Issuer, path: str, answer: tuple[int, bytes]
) -> None:
    issuer.answers[path] = answer
    found = await refused(people, key("one").signed(issuer.claims()))

    assert found.reason is AccessRefusal.UNREAD
    assert not found.is_guess


async def test_no_redirect_is_followed(people: People, issuer: Issuer) -> None:
    issuer.answers[KEYS] = (302, b"")
    issuer.headers["Location"] = f"{issuer.url}/elsewhere"

    assert (await refused(people, key("one").signed(issuer.claims()))).reason is AccessRefusal.UNREAD
    assert "/elsewhere" not in issuer.asked


@pytest.mark.parametrize("path", [DISCOVERY, KEYS])
async def test_an_issuer_that_hangs_is_waited_for_once_and_not_for_long(
    people: People, issuer: Issuer, path: str
) -> None:
    issuer.answers[path] = (0, b"")
    began_s = time.monotonic()
    found = await refused(people, key("one").signed(issuer.claims()))
    for _ in range(4):
        await refused(people, key("one").signed(issuer.claims()))

    assert found.reason is AccessRefusal.UNREAD
    assert time.monotonic() - began_s < 3 * FETCH_S
    assert issuer.asked.count(path) == 1


@pytest.mark.parametrize(
    ("value", "role"),
    [
        (["sre"], Role.OPERATE),
        (["everyone", "leads", "sre"], Role.ADMIN),
        ("everyone", Role.VIEW),
        ("openid everyone sre", Role.OPERATE),
        ("Domain Admins", Role.ADMIN),
        (["admin", "operate"], None),
        (["SRE"], None),
        ([7, None, ["sre"], {"sre": 1}], None),
        ({"sre": True}, None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_groups_are_a_list_or_a_text_and_the_highest_role_counts(value: Any, role: Role | None) -> None:
    assert role_of(value, ROLES) is role


async def test_who_is_in_no_group_is_known_and_may_do_nothing(people: People, issuer: Issuer) -> None:
    for groups in (None, [], ["others"], 7):
        found = await admitted(people, key("one").signed(issuer.claims(groups=groups)))
        assert found.refusal(Api.CONTROL, Permission.VIEW) is AccessRefusal.ROLE


def test_a_claim_may_lie_within_others_or_have_full_stops_in_its_name() -> None:
    claims = {"realm_access": {"roles": ["a"]}, "https://example.com/roles": ["b"], "groups": "c"}

    assert claim_at(claims, "realm_access.roles") == ["a"]
    assert claim_at(claims, "https://example.com/roles") == ["b"]
    assert claim_at(claims, "groups.roles") is None
    assert claim_at(claims, "nothing.at.all") is None


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({}, "ann@example.com"),
        ({"email_verified": "true"}, "ann@example.com"),
        ({"email_verified": False}, "sub:00u1"),
        ({"email_verified": None}, "sub:00u1"),
        ({"email": None}, "sub:00u1"),
        ({"email": 7}, "sub:00u1"),
        ({"email": "judge"}, "sub:00u1"),
        ({"email": "Phone App "}, "sub:00u1"),
        ({"email": "a\u00adnn@\u202eexample.com\n"}, "ann@example.com"),
        ({"email": None, "sub": "judge"}, "sub:judge"),
    ],
)
async def test_the_name_is_a_verified_address_or_the_subject_and_nobody_elses(
    people: People, issuer: Issuer, change: dict[str, Any], name: str
) -> None:
    assert (await admitted(people, key("one").signed(issuer.claims(**change)))).name == name


async def test_another_claim_may_be_the_name(issuer: Issuer, clock: FakeClock) -> None:
    async with knowing(issuer, clock, name_claim="preferred_username") as people:
        token = key("one").signed(issuer.claims(preferred_username="ann"))
        assert (await admitted(people, token)).name == "ann"
        assert people.name_of(token.encode()) == "ann"


async def test_the_keys_are_read_again_in_the_background(issuer: Issuer, clock: FakeClock) -> None:
    keys = IssuerKeys(issuer.url, httpx.AsyncClient(), clock, DAY_S)
    keys.start()
    try:
        await _until(lambda: keys.find("one") is not None)
        issuer.publish(key("two"))
        await _until(lambda: keys.find("two") is not None, clock)
        assert keys.find("one") is None
    finally:
        await keys.close()


async def _until(is_so: Callable[[], bool], clock: FakeClock | None = None) -> None:
    deadline_s = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline_s
        if clock is not None:
            clock.advance(READ_EVERY_S)
        await asyncio.sleep(0.01)
