"""Forms that look like numbers but are not: URLs, file names, identifiers. They stay unchanged in all languages.

Letters of scripts without spaces may be directly next to them, so only ASCII characters are considered.
"""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.forms import DIGITS, POINT_BEFORE_DIGIT, Rule, kept

_W = "A-Za-z0-9_"
_NOT_IN_ADDRESSES = r"\s\u2e80-\U0003ffff"
_ENDINGS = "py|js|ts|txt|pdf|csv|json|ya?ml|html?|jpe?g|png|gif|zip|gz|mp3|mp4|wav|docx?|xlsx?|com|org|net|io"

_ADDRESS = re.compile(rf"(?<![{_W}])(?:[a-z]{{2,10}}://|www\.)[^{_NOT_IN_ADDRESSES}]{{1,2048}}")
_MAIL = re.compile(
    rf"(?<![{_W}.+-])[{_W}.+-]{{1,64}}@[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{0,5}}"
    rf"|(?<![{_W}@])@[A-Za-z_][{_W}]{{0,63}}"
)
_IP = re.compile(
    rf"(?<![{_W}.])[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}(?::[0-9]{{1,5}}|/[0-9]{{1,2}})?(?![{_W}/]|[.:][0-9])"
)
_ISBN = re.compile(rf"(?<![{_W}])IS[BS]N(?:-1[03])?:?\s?[0-9X-]{{8,17}}(?![{_W}-])")
_IDENTIFIER = re.compile(rf"(?<![{_W}])[A-Za-z0-9]{{0,60}}_[{_W}]{{0,60}}")
_PATH = re.compile(
    rf"(?<![{_W}/.~])(?:~|\.{{1,2}})?(?:/[A-Za-z][{_W}.-]{{0,60}}){{2,12}}/?"
    rf"|(?<![{_W}\\])[A-Z]:\\[^{_NOT_IN_ADDRESSES}]{{1,255}}"
)
_FILE = re.compile(
    rf"(?<![{_W}./-])[A-Za-z0-9-]{{1,60}}(?:\.[A-Za-z0-9-]{{1,60}}){{0,3}}\.(?:{_ENDINGS})(?![{_W}])"
)
_ENDING = re.compile(rf"\.(?:{_ENDINGS})(?![{_W}])")
_TAG = re.compile(
    rf"(?<![{_W}#])#[A-Za-z_\u2e80-\U0003ffff][\w-]{{0,60}}|(?<![{_W}])#[0-9A-Fa-f]{{6}}"
    rf"(?![{_W}])"
)
_PART_NUMBER = re.compile(
    rf"(?<![{_W}-])(?:[A-Za-z]{{1,6}}[0-9]|[0-9]{{1,6}}[A-Z])[A-Z0-9]{{0,20}}"
    rf"(?:-[A-Z0-9]{{1,20}}){{1,6}}(?![{_W}-])"
    rf"|(?<![{_W}])0x[0-9A-Fa-f]{{1,40}}(?![{_W}])"
)
_LETTER_BY_DIGIT = re.compile(r"[0-9](?:[A-Za-z]|(?<=[A-Za-z][0-9]))")
_HEART = re.compile(
    r"(?<![A-Za-z0-9])<3(?=\s*+(?:[.,!?)]|\Z|[^\sA-Za-z0-9%°.,]|(?:you|u|ya|it|this|my"
    r"|your|her|him|them|all)\b))"
)
_MANY_PARTS = re.compile(
    rf"(?<![{_W}-])[0-9A-Fa-f]{{1,36}}(?:-[0-9A-Fa-f]{{1,36}}){{3,8}}(?![{_W}-])"
    rf"|(?<![{_W}:])[0-9A-Fa-f]{{1,4}}(?::[0-9A-Fa-f]{{0,4}}){{3,8}}(?![{_W}:])"
)

RULES = (
    Rule(":.", _ADDRESS, kept, ("://", "www.")),
    Rule("@", _MAIL, kept),
    Rule(".", _IP, kept, digit=True, hint=POINT_BEFORE_DIGIT),
    Rule("I", _ISBN, kept),
    Rule("_", _IDENTIFIER, kept),
    Rule("/\\", _PATH, kept),
    Rule(".", _FILE, kept, hint=_ENDING),
    Rule("#", _TAG, kept),
    Rule("<", _HEART, kept, ("<3",), digit=True),
    Rule(DIGITS, _PART_NUMBER, kept, digit=True, hint=_LETTER_BY_DIGIT),
)
LAST_RULES = (Rule("-:", _MANY_PARTS, kept),)
"""These come after the rules for telephone numbers, which may have as many parts."""
