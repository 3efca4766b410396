"""Recognizes people by tokens (JWT) of an OpenID Connect issuer, and gives them the roles of their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from segue.access.issuer import ALGORITHMS
from segue.access.keys import folded
from segue.access.register import RESERVED_NAMES, visible
from segue.access.roles import PERMISSIONS, PERSONS_ROLES, AccessRefusal, Api, Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.access.issuer import IssuerKeys
    from segue.access.roles import Role

LEEWAY_S = 60.0
"""How far the clocks of the issuer and of this machine may be apart."""

_MOST_TOKEN_BYTES = 16_384
_MOST_NAME_CHARS = 260
_TYPES = (None, "JWT", "jwt", "at+jwt", "application/at+jwt")
"""Types of tokens (``typ``) that say who somebody is. Issuers sign others with the same keys."""

_UNREADABLE = (jwt.PyJWTError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)
"""What may happen to PyJWT with content that somebody made up."""

_REQUIRED = ["exp", "iss", "aud", "sub"]


class PeopleRules(NamedTuple):
    """What the tokens must say. ``roles``: the role of each group; claims are names, or paths with full stops."""

    issuer: str
    audience: str
    roles_claim: str
    roles: Mapping[str, Role]
    name_claim: str


class PersonRefusal(NamedTuple):
    """Why a token is refused. ``is_guess``: nothing shows that the issuer has signed it."""

    reason: AccessRefusal
    told: str
    is_guess: bool = False


class _Refused(Exception):  # noqa: N818 - carries a value
    def __init__(self, refusal: PersonRefusal) -> None:
        super().__init__(refusal.told)
        self.refusal = refusal


class People:
    """Recognizes people. ``is_taken`` says whether an API key has a name, which then is no person's."""

    def __init__(self, rules: PeopleRules, keys: IssuerKeys, is_taken: Callable[[str], bool]) -> None:
        self._rules = rules
        self._keys = keys
        self._is_taken = is_taken

    def may_know(self, secret: bytes) -> bool:
        """Whether this has the form of a token."""
        return secret.startswith(b"eyJ") and secret.count(b".") == 2  # noqa: PLR2004 - three parts

    async def find(self, token: bytes) -> Caller | PersonRefusal:
        """The person with this token, or why it is refused. May wait for the issuer if its key is not known."""
        try:
            header = self._header(token)
            if self._keys.find(header.get("kid")) is None:
                await self._keys.look_again()
            return self._person(token, header)
        except _Refused as error:
            return error.refusal

    def find_known(self, token: bytes) -> Caller | PersonRefusal:
        """As ``find``, with the keys that are known now. For requests that were admitted before."""
        try:
            return self._person(token, self._header(token))
        except _Refused as error:
            return error.refusal

    def name_of(self, token: bytes) -> str:
        """The person's name, if the token is valid; else empty."""
        found = self.find_known(token)
        return found.name if isinstance(found, Caller) else ""

    def _header(self, token: bytes) -> dict[str, Any]:
        """The header of a token that claims to be of this issuer, unchecked."""
        if len(token) > _MOST_TOKEN_BYTES:
            raise _Refused(_guess(f"the token has more than {_MOST_TOKEN_BYTES} bytes"))
        try:
            whole = jwt.decode_complete(token, options={"verify_signature": False})
        except _UNREADABLE:
            raise _Refused(_guess("the token is not a JSON Web Token that can be read; sign in again")) from None
        header: dict[str, Any] = whole["header"]
        if whole["payload"].get("iss") != self._rules.issuer:
            raise _Refused(_guess(f"the token is not of the issuer {self._rules.issuer}; sign in there"))
        if header.get("alg") not in ALGORITHMS or header.get("typ") not in _TYPES:
            raise _Refused(
                _guess("the token's algorithm (alg) or type (typ) is not accepted; use an ID or access token")
            )
        return header

    def _person(self, token: bytes, header: dict[str, Any]) -> Caller:
        key = self._keys.find(header.get("kid"))
        if key is None:
            raise _Refused(self._without_key())
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                leeway=LEEWAY_S,
                options={"require": _REQUIRED, "enforce_minimum_key_length": True},
            )
        except _UNREADABLE as error:
            raise _Refused(_told(error)) from None
        role = role_of(claim_at(claims, self._rules.roles_claim), self._rules.roles)
        permissions = () if role is None else PERMISSIONS[role]
        return Caller(self._name(claims), permissions, apis=(Api.CONTROL,), is_person=True)

    def _without_key(self) -> PersonRefusal:
        if not self._keys.is_usable:
            return PersonRefusal(
                AccessRefusal.UNREAD,
                "tokens cannot be checked at present, because the keys of the issuer "
                f"{self._rules.issuer} could not be read; try again, or use an API key",
            )
        if self._keys.fault:
            return PersonRefusal(
                AccessRefusal.UNKNOWN,
                "the token is signed with an unknown key; the latest keys of the issuer could not be read, so "
                "newer ones are not known: try again, or use an API key (the log line issuer_unread says why)",
            )
        return _guess("the token is signed with a key that its issuer does not publish; sign in again")

    def _name(self, claims: dict[str, Any]) -> str:
        """The name for the history. Anybody could give an e-mail address that the issuer has not verified."""
        given = claim_at(claims, self._rules.name_claim)
        if self._rules.name_claim == "email" and claims.get("email_verified") not in (True, "true"):
            given = None
        name = visible(given)[:_MOST_NAME_CHARS] if isinstance(given, str) else ""
        if name and folded(name) not in RESERVED_NAMES and not self._is_taken(name):
            return name
        return f"sub:{visible(claims['sub'])}"[:_MOST_NAME_CHARS]


def claim_at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim with this name, or at this path within others; None if there is none."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def role_of(value: Any, roles: Mapping[str, Role]) -> Role | None:
    """The highest role of these groups: a list, one group, or several that are separated by blanks."""
    if isinstance(value, str):
        groups = {value, *value.split()}
    else:
        groups = {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()
    found = [roles[group] for group in groups if group in roles]
    return max(found, key=PERSONS_ROLES.index) if found else None


def _guess(told: str) -> PersonRefusal:
    return PersonRefusal(AccessRefusal.UNKNOWN, told, is_guess=True)


def _told(error: Exception) -> PersonRefusal:
    """PyJWT checks the signature first: what it says of claims is said of a token that the issuer has signed."""
    match error:
        case jwt.ExpiredSignatureError():
            return PersonRefusal(AccessRefusal.EXPIRED, "the token has expired; sign in again")
        case jwt.ImmatureSignatureError():
            told = (
                "the token is not valid yet; try again later, or check the clocks of Segue's machine and of the "
                "issuer"
            )
            return PersonRefusal(AccessRefusal.UNKNOWN, told)
        case jwt.InvalidAudienceError():
            told = "the token is for another audience (aud) than SEGUE_OIDC_AUDIENCE; sign in for this service"
            return PersonRefusal(AccessRefusal.UNKNOWN, told)
        case jwt.MissingRequiredClaimError():
            return PersonRefusal(AccessRefusal.UNKNOWN, f"the token lacks the claim {error.claim!r}")
        case _:
            return _guess("the token is not valid: its signature or form is wrong; sign in again")
