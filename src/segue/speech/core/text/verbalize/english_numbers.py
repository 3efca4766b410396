"""Numbers with signs in English: telephone numbers, versions, ranges, scores, fractions, sums."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.english_units import UNIT, unit_names
from segue.speech.core.text.verbalize.english_words import cardinal, ordinal, year
from segue.speech.core.text.verbalize.forms import DIGITS, NUMBER, POINT_BEFORE_DIGIT, Rule, value_of

_PHONE = re.compile(
    r"(?<![\w.,+/(-])(?:\+\d{1,3}[ -]?(?:\(\d{1,4}\)|\d{1,4})(?:[ .-]\d{2,4}){1,4}"
    r"|(?:1[-. ])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}|\d{3}-\d{4}|1-\d{3}-\d{3}-\d{4}"
    r"|\d{3}-\d{2}-\d{4}|\d{4}(?:[- ]\d{4}){3}"
    r"|0\d{1,3}-\d{3,4}-\d{3,4}|\+\d{7,15})(?![\w/-]|[.,:]\d)"
)
_PARTED_DIGITS = re.compile(r"\d(?:(?<=\+\d)|[-. )]\s?\(?\d)")
_CALLED = re.compile(
    r"(?<=\b(?:[Cc]all|[Dd]ial) )(?P<digits>\d{3})(?=[\s.,;!?)]|\Z)(?! (?:people|times"
    r"|of|more))"
)
_CALLED_DIGIT = re.compile(r"l (?<=[Cc]all |[Dd]ial )\d")
_CODE = re.compile(
    r"(?<!\w)(?P<what>(?:[Cc]ode|PIN|OTP|[Pp]asscode|[Pp]assword|ZIP|(?:[Aa]ccount|[Oo]rder|[Tt]racking|[Cc]ase|"
    r"Reference|reference|[Ff]light) number)(?: is |: | ))(?P<digits>\d{4,16})"
    r"(?=[.!?,;:)]?(?:\Z|\s(?![a-z])|\s(?:to|and|or|in|for|at|on|is|was|has|expires|within|when|if|now|before|after)\b)"
    r"|[.!?,;:)](?!\d))"
)
_CODE_ENDS = ("ode", "PIN", "OTP", "ssword", "ZIP", " number")
_HUNDREDS = re.compile(r"\d\d0-\d\d00")
_LETTERED_PHONE = re.compile(r"(?<![\w.-])(?P<digits>(?:1-)?8\d\d)-(?P<letters>[A-Z]{4,9})(?![\w-])")
_DIGIT_GROUP = re.compile(r"\d+")

_SOFTWARE = (
    "Python|Java|iOS|iPadOS|macOS|watchOS|Android|Ubuntu|Windows|Debian|Fedora|Node|PHP|Ruby|Go|Rust"
    "|Linux|Swift|"
    "Kotlin|Django|Rails|React|Postgres|PostgreSQL|MySQL|Kubernetes|Docker|[Vv]ersions?|release|Release|[Vv]er\\."
)
_VERSION = re.compile(r"(?<![\w.])[vV]\.?\s?(?P<parts>\d{1,4}(?:\.\d{1,4}){1,3})(?![\w-]|[.,]\d)")
_V_BEFORE_DIGIT = re.compile(r"[vV]\.?\s?\d")
_BARE_VERSION = re.compile(r"(?<![\w.,/-])\d{1,4}(?:\.\d{1,4}){2}(?![\w/-]|[.,:]\d)")
_NAMED_VERSION = re.compile(rf"(?<!\w)(?P<name>{_SOFTWARE}) (?P<parts>\d{{1,4}}\.\d{{1,4}})(?![\w-]|[.,]\d)")

_BETWEEN = r"(?<![\w.,:/$€£¥#+*^=@-])"
_AFTER = r"(?![\w/@^]|-\d|[.,:]\d)"
_RANGE = re.compile(
    rf"{_BETWEEN}(?P<from>{NUMBER})(?P<mark>%|°)?(?P<dash>\s?[-–—~～]\s?)(?P<to>{NUMBER})(?P<tail>"
    rf"(?P<blank> ?)(?P<unit>{UNIT})|%|[kKMx])?"
    r"(?![\w/@^°%²³]|[.,:]\d|[-–](?:\d|[A-Z]{2})|\s?[=×÷*])"
)
_UNITED_RANGE = re.compile(
    rf"{_BETWEEN}(?P<from>{NUMBER})(?P<blank>\s?)(?P<unit>{UNIT})\s?[-–—~]\s?(?P<to>{NUMBER})\s?"
    rf"(?P=unit)(?![\w/²³]|-\d)"
)
_EVEN = re.compile(r"(?<![\w.,/-])(?P<first>50|20|80)(?P<sign>[-/])(?P<second>50|20|80)(?![\w/-]|[.,]\d)")
_ALWAYS = re.compile(r"(?<![\w.,/-])24/7(?![\w/-])")
_EMERGENCY = re.compile(r"(?<![\w.,/-])9/11(?![\w/-])")
_RATIO = re.compile(r"(?<![\w.,:/])(?P<from>\d{1,4}):(?P<to>\d{1,4})(?![\w:/]|[.,]\d)")
_RATIO_NAMED = re.compile(
    r"(?i:(?<=\bratio )|(?<=\bratio of )|(?<=\bscale of )|(?<=\bodds of )|(?<=\bscale ))\d{1,6}:\d{1,6}"
    r"(?![\w:/])"
)

_FRACTION = re.compile(
    r"(?<![\w.,:/$€£-])(?:(?P<whole>\d{1,3}) )?(?P<top>\d{1,3})/(?P<bottom>\d{1,3})(?P<suffix>(?:th|rd|nd)s?)?"
    r"(?![\w/]|[.,:]\d|-\d)"
)
_VULGAR = re.compile(r"(?<=\d)\s?(?P<part>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")
_PARTS = {
    "½": "a half",
    "⅓": "a third",
    "⅔": "two thirds",
    "¼": "a quarter",
    "¾": "three quarters",
    "⅕": "a fifth",
    "⅖": "two fifths",
    "⅗": "three fifths",
    "⅘": "four fifths",
    "⅙": "a sixth",
    "⅚": "five sixths",
    "⅛": "an eighth",
    "⅜": "three eighths",
    "⅝": "five eighths",
    "⅞": "seven eighths",
}
_SAID_BOTTOMS = frozenset((*range(2, 11), 12, 16, 20, 32, 50, 64))
_CERTAIN_TOPS = frozenset((1, 2, 3))
_HIGHEST_SCORE = 200
_HIGHEST_YEAR = 2100
_YEAR_DIGITS = 4

_POWER = re.compile(r"(?<=[\w)])\^(?P<minus>-)?(?P<power>\d{1,4})(?![\w.])")
_RAISED = re.compile(r"(?<=[\w)])(?P<power>[²³])(?!\w)")
_COMPARED = re.compile(r"(?<=\w) (?P<sign>>=|<=|>|<|==|!=) (?=[-\w])|(?<=\d)(?P<close>>=|<=|>|<)(?=\d)")
_BOUND = re.compile(r"(?<![\w<>=-])(?P<sign>>=|<=|>|<|~|～|±)\s?(?=[$€£]?\.?\d)")
_ALMOST = {
    ">": "more than",
    "<": "less than",
    ">=": "at least",
    "<=": "at most",
    "~": "about",
    "～": "about",
    "±": "plus or minus",
}
_COMPARISONS = {
    ">": "is greater than",
    "<": "is less than",
    ">=": "is greater than or equal to",
    "<=": "is less than or equal to",
    "==": "equals",
    "!=": "is not equal to",
}
_SUM = re.compile(
    rf"(?<![\w.,/:@#-])(?P<sum>-?{NUMBER}(?:\s?[-−+×÷*/x]\s?{NUMBER}){{1,8}})\s?=\s?"
    rf"(?P<result>-?{NUMBER})?(?![\w/]|[.,]\d)"
)
_SUM_SIGN = re.compile(r"(?<=\d)\s?(?P<sign>[-−*/x])\s?(?=\d)")
_SUM_WORDS = {"-": "minus", "−": "minus", "*": "times", "x": "times", "/": "divided by"}
_SIZE = re.compile(r"(?<=\d)(?: x |x)(?=\d)")
_STAR = re.compile(r"(?<=\d)(?:\s\*\s|\*)(?=\d)")
_TAKEN_FROM = re.compile(rf"{_BETWEEN}(?P<from>{NUMBER}) [-−–] (?P<to>{NUMBER}){_AFTER}")
_LONE_POINT = re.compile(r"(?<![\w.,])(?P<minus>[-−])?\.(?P<part>\d{1,12})(?![\w.])")
_NUMBER_SIGN = re.compile(r"(?<![\w&#])#\s?(?=\d)")
_PER_MILLE = re.compile(r"(?<=\d)\s?‰")
_BILLIONS = re.compile(r"(?<=\d)\s?(?P<scale>bn|tn|mn)(?!\w)")
_SCALE_BEHIND_DIGIT = re.compile(r"\d\s?(?:bn|tn|mn)")
_SCALES = {"bn": "billion", "tn": "trillion", "mn": "million"}


def _phone(found: re.Match[str]) -> str | None:
    if _HUNDREDS.fullmatch(found.group()):
        return None  # 100-1000 people
    groups = ", ".join(" ".join(group) for group in _DIGIT_GROUP.findall(found.group()))
    return f"plus {groups}" if found.group().startswith("+") else groups


def _lettered_phone(found: re.Match[str]) -> str:
    groups = [" ".join(group) for group in found["digits"].split("-")]
    return ", ".join([*groups, found["letters"]])


def _called(found: re.Match[str]) -> str:
    return " ".join(found["digits"])


def _version(found: re.Match[str]) -> str:
    """A version. It stays a decimal if it is said like one; ``3.11`` is three point eleven."""
    return f"version {_dotted(found['parts'])}"


def _named_version(found: re.Match[str]) -> str:
    return f"{found['name']} {_dotted(found['parts'])}"


def _bare_version(found: re.Match[str]) -> str:
    """A version that could not also be a date."""
    return found.group() if len(found.group().rpartition(".")[2]) == _YEAR_DIGITS else _dotted(found.group())


def _dotted(parts: str) -> str:
    numbers = parts.split(".")
    is_decimal = len(numbers) == 2 and len(numbers[1]) == 1  # noqa: PLR2004 - two parts
    return parts if is_decimal else " point ".join(numbers)


def _range(found: re.Match[str]) -> str | None:
    """A range, if the second number is larger. Otherwise it is a score or a number of another kind."""
    first, last = found["from"], found["to"]
    low, high = value_of(first), value_of(last)
    spaced = found["dash"].strip() != found["dash"]
    if low >= high and (spaced or found["mark"] or found["tail"] or max(low, high) >= _HIGHEST_SCORE):
        return None
    if first.startswith("0") and len(first) > 1 and first.isdigit():
        return None
    mark = " degrees" if found["mark"] == "°" else found["mark"] or ""
    names = unit_names(found["unit"], found["blank"]) if found["unit"] else None
    tail = (found["tail"] or "") if names is None else f" {names[1]}"
    return f"{_as_year(first, last)}{mark} to {_as_year(last, first)}{tail}"


def _as_year(number: str, other: str) -> str:
    both_years = all(
        len(written) == _YEAR_DIGITS and written.isdigit() and int(written) < _HIGHEST_YEAR
        for written in (number, other)
    )
    return year(number) if both_years else number


def _united_range(found: re.Match[str]) -> str | None:
    names = unit_names(found["unit"], found["blank"])
    return None if names is None else f"{found['from']} to {found['to']} {names[1]}"


def _even(found: re.Match[str]) -> str | None:
    first, second = found["first"], found["second"]
    is_said_so = int(first) + int(second) == 100 or first == second == "20"  # noqa: PLR2004 - percentages
    return f"{first} {second}" if is_said_so else None


def _ratio(found: re.Match[str]) -> str:
    return f"{found['from']} to {found['to']}"


def _ratio_named(found: re.Match[str]) -> str:
    return found.group().replace(":", " to ")


def _fraction(found: re.Match[str]) -> str | None:
    top, bottom = int(found["top"]), int(found["bottom"])
    whole = f"{found['whole']} and " if found["whole"] else ""
    if top == bottom and not whole and not found["suffix"]:
        return f"{top} out of {bottom}"
    if not 0 < top < bottom or (bottom not in _SAID_BOTTOMS and bottom != 100):  # noqa: PLR2004 - hundredths
        return None
    if found["whole"] is not None and not found["whole"].strip("0"):
        return None
    if bottom == 100:  # noqa: PLR2004 - hundredths
        return f"{whole}{top} hundredth{'' if top == 1 else 's'}" if whole else f"{top} out of 100"
    return f"{whole}{cardinal(top)} {_bottom(bottom, is_one=top == 1)}"


def _bottom(number: int, *, is_one: bool) -> str:
    if number == 2:  # noqa: PLR2004 - halves
        return "half" if is_one else "halves"
    named = "quarter" if number == 4 else ordinal(number)  # noqa: PLR2004 - quarters
    return named if is_one else f"{named}s"


def _vulgar(found: re.Match[str]) -> str:
    return f" and {_PARTS[found['part']]}"


def _power(found: re.Match[str]) -> str:
    minus = "minus " if found["minus"] else ""
    if found["power"] in {"2", "3"} and not minus:
        return " squared" if found["power"] == "2" else " cubed"
    return f" to the power of {minus}{found['power']}"


def _raised(found: re.Match[str]) -> str:
    return " squared" if found["power"] == "²" else " cubed"


def _compared(found: re.Match[str]) -> str:
    return f" {_COMPARISONS[found['sign'] or found['close']]} "


def _bound(found: re.Match[str]) -> str:
    return f"{_ALMOST[found['sign']]} "


def _sum(found: re.Match[str]) -> str:
    said = _SUM_SIGN.sub(lambda sign: f" {_SUM_WORDS[sign['sign']]} ", found["sum"])
    return f"{said} = {found['result'] or ''}".rstrip() if said != found["sum"] else found.group()


def _taken_from(found: re.Match[str]) -> str | None:
    return f"{found['from']} minus {found['to']}" if value_of(found["from"]) > value_of(found["to"]) else None


def _lone_point(found: re.Match[str]) -> str:
    return f"{found['minus'] or ''}0.{found['part']}"


EARLY_RULES = (
    Rule(DIGITS, _PHONE, _phone, digit=True, hint=_PARTED_DIGITS),
    Rule("8", _LETTERED_PHONE, _lettered_phone),
    Rule(DIGITS, _CALLED, _called, digit=True, hint=_CALLED_DIGIT),
    Rule(DIGITS, _CODE, lambda found: found["what"] + " ".join(found["digits"]), _CODE_ENDS),
    Rule(":", _RATIO_NAMED, _ratio_named, ("atio", "cale", "dds", "ATIO", "CALE", "DDS"), digit=True),
    Rule("=", _SUM, _sum, digit=True),
)
RULES = (
    Rule("/", _ALWAYS, lambda _: "24 7", ("24/7",), digit=True),
    Rule("/", _EMERGENCY, lambda _: "9 11", ("9/11",), digit=True),
    Rule("-/", _EVEN, _even, ("50", "20"), digit=True),
    Rule("vV", _VERSION, _version, digit=True, hint=_V_BEFORE_DIGIT),
    Rule(".", _NAMED_VERSION, _named_version, digit=True, hint=POINT_BEFORE_DIGIT),
    Rule(".", _BARE_VERSION, _bare_version, digit=True, hint=POINT_BEFORE_DIGIT),
    Rule("-–—~", _UNITED_RANGE, _united_range, digit=True),
    Rule("-–—~～", _RANGE, _range, digit=True),
    Rule("-−–", _TAKEN_FROM, _taken_from, digit=True),
    Rule(":", _RATIO, _ratio, digit=True),
    Rule("/", _FRACTION, _fraction, digit=True),
    Rule("".join(_PARTS), _VULGAR, _vulgar, digit=True),
)
LATE_RULES = (
    Rule("^", _POWER, _power, digit=True),
    Rule("²³", _RAISED, _raised),
    Rule("<>=", _COMPARED, _compared),
    Rule("<>~～±", _BOUND, _bound, digit=True),
    Rule("x", _SIZE, lambda _: " by ", digit=True),
    Rule("*", _STAR, lambda _: " times ", digit=True),
    Rule(".", _LONE_POINT, _lone_point, digit=True, hint=POINT_BEFORE_DIGIT),
    Rule("#", _NUMBER_SIGN, lambda _: "number ", digit=True),
    Rule("‰", _PER_MILLE, lambda _: " per mille", digit=True),
    Rule("n", _BILLIONS, lambda found: f" {_SCALES[found['scale']]}", digit=True, hint=_SCALE_BEHIND_DIGIT),
)
