"""Times, dates and years in English."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.english_words import decade, ordinal_digits, year
from segue.speech.core.text.verbalize.forms import DIGITS, POINT_BEFORE_DIGIT, Rule

_MONTHS = ("January February March April May June July August September October November December").split()
_BY_NAME = {name[:3]: name for name in _MONTHS} | {"Sept": "September"} | {name: name for name in _MONTHS}
_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
_FULL = "|".join(_MONTHS)
_DAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_NAMES = tuple(name[:3] for name in _MONTHS)
_BOOKS = (
    "Genesis|Exodus|Leviticus|Deuteronomy|Joshua|Judges|Samuel|Kings|Job|Psalms?|Proverbs|Isaiah"
    "|Jeremiah|Ezekiel|"
    "Daniel|Matthew|Mark|Luke|John|Acts|Romans|Corinthians|Galatians|Ephesians|Hebrews|James|Peter|Revelation"
)
_LAST_MONTH, _LAST_DAY, _LAST_HOUR = 12, 31, 24
_NOON = 12

_CLOCK = r"(?:[01]?\d|2[0-4]):[0-5]\d"
_TIME = re.compile(
    rf"(?<![\w:./-])(?P<from>{_CLOCK})(?P<seconds>:[0-5]\d)?(?P<half>\s?[aApP](?:\.[mM]\.|[mM](?!\w)))?"
    rf"(?:\s?[-–]\s?(?P<to>{_CLOCK})(?P<later>\s?[aApP](?:\.[mM]\.|[mM](?!\w)))?)?(?![\w:]|[.,/-]\d)"
)
_DOTTED_TIME = re.compile(
    r"(?<![\w:.,/-])(?P<hour>1?\d)\.(?P<minute>[0-5]\d)(?P<half>\s?[ap]\.?m)"
    r"(?!\w)",
    re.IGNORECASE,
)
_VERSE = re.compile(rf"(?<!\w)(?P<book>{_BOOKS}) (?P<chapter>\d{{1,3}}):(?P<verse>\d{{1,3}})(?![\d:])")
_HALVES = re.compile(
    r"(?<![\w:./-])(?P<from>1?\d(?:\s?[ap]m)?)\s?[-–]\s?(?P<to>1?\d\s?[ap]\.?m)(?!\w)", re.IGNORECASE
)
_BETWEEN_HALVES = re.compile(r"(?<=\d [ap]\.m\.|.\d[ap]\.m\.)\s?[-–—]\s?(?=1?\d(?!\d))", re.IGNORECASE)

_MONTH_DAY = re.compile(
    rf"(?<!\w)(?P<month>(?:{_FULL})|(?:{_SHORT})(?P<dot>\.?)) (?P<day>[0-3]?\d)(?P<suffix>st|nd|rd|th)?"
    r"(?:(?P<comma>,?) (?P<year>[12]\d{3}))?(?![\w:%°$]|[.,/–-]\d)"
)
_DAY_MONTH = re.compile(
    rf"(?<![\w.,/:-])(?P<day>[0-3]?\d)(?P<suffix>st|nd|rd|th)?(?P<of> of | )(?P<month>(?:{_FULL})|"
    rf"(?:{_SHORT})\.?)"
    r"(?P<comma>,?) (?P<year>[12]\d{3})(?![\w:%°]|[.,/–-]\d)"
)
_MONTH_YEAR = re.compile(
    rf"(?<!\w)(?P<month>(?:{_FULL})|(?:{_SHORT})\.?)(?P<comma>,?) (?P<year>[12]\d{{3}})(?![\w:%°]|[.,/–-]\d)"
)
_MONTH_ALONE = re.compile(
    rf"(?<!\w)(?P<month>{_SHORT})\.(?= \d)|(?<=\d )(?P<after>{_SHORT})(?:\.(?= [a-z]|,)|(?= \d))"
)
_DAY_NAME = re.compile(
    rf"(?<!\w)(?P<name>{'|'.join(_DAYS)})(?:\.,|[.,])? (?=(?:{_FULL}|{_SHORT})\b|\d)"
    rf"|(?<!\w)(?P<first>{'|'.join(_DAYS)})\.?\s?[-–]\s?(?P<last>{'|'.join(_DAYS)})(?!\w)"
)
_PARTED_YEAR = re.compile(r"[12]\d{3}[-/.]")
_ISO = re.compile(
    r"(?<![\w/.-])(?P<year>[12]\d{3})(?P<sep>[-/.])(?P<month>\d\d?)(?P=sep)(?P<day>\d\d?)(?![\w/-]|[.:]\d)"
)
_SLASHED = re.compile(
    r"(?<![\w/.-])(?P<first>\d\d?)(?P<sep>[-/])(?P<second>\d\d?)(?P=sep)(?P<year>[12]\d{3})(?![\w/-]|[.:]\d)"
)
_DECADE = re.compile(r"(?<![\w.,])(?<!\d-)(?P<century>1[0-9]|20)(?P<tens>\d)0(?:['’])?s(?!\w)")
_SHORT_DECADE = re.compile(
    r"(?<!\w)['’‘](?P<tens>[1-9])0s(?!\w)"
    r"|(?<=\b(?:the|his|her|our) )(?P<plain>[2-9])0s(?!\w)"
    r"|(?<=\b(?:early|their) )(?P<early>[2-9])0s(?!\w)|(?<=\b(?:late|mid-) )(?P<late>[2-9])0s(?!\w)"
)
_YEARS = re.compile(
    r"(?<![\w.,:/-])(?P<from>1[0-9]\d\d|20\d\d)(?P<dash>\s?[-–]\s?)(?P<to>1[0-9]\d\d|20\d\d|\d\d)"
    r"(?![\w/%°-]|[.,:]\d)"
)
_LEADS = "in|since|by|from|until|till|before|after|during|around|circa|year|early|late|of|to|and|born"
"|summer|spring|autumn|winter|fall"
_FOUR_DIGITS = re.compile(r"1\d{3}")
_YEAR = re.compile(
    rf"(?<![\w-])(?<!\d )(?P<lead>(?:{_LEADS})\s|(?:pre|post|mid)-|\()(?P<year>1\d{{3}})"
    r"(?=[.,;:!?)\]\"'”’](?!\d)|\Z| (?:and|to|the|a|an|in|he|she|it|they|we|when|was|is|that|with|by"
    r"|for|on|at|as|but|"
    r"until|through|or|after|before)\b)",
    re.IGNORECASE,
)
_ERA = re.compile(
    r"(?<![\w.,:/-])(?P<year>1\d{3})(?= (?:AD|BC|BCE|CE|A\.D\.|B\.C\.)(?!\w))|(?:(?<=\bAD )|(?<=\bc\. )"
    r"|(?<=\bca\. ))(?P<after>1\d{3})(?!\w)"
)


def _time(found: re.Match[str]) -> str | None:
    half, later = found["half"] or "", found["later"] or ""
    seconds = found["seconds"]
    said = _clock(found["from"], half or later, is_exact=bool(seconds or (found["to"] and (half or later))))
    if seconds:
        count = int(seconds[1:])
        said += f" and {count} second{'' if count == 1 else 's'}"
    if found["to"] is None:
        return said + _spaced(half)
    return f"{said}{_spaced(half)} to {_clock(found['to'], later)}{_spaced(later)}"


def _spaced(half: str) -> str:
    return f" {half.strip()}" if half else ""


def _clock(written: str, half: str, *, is_exact: bool = False) -> str:
    hour, minute = (int(part) for part in written.split(":"))
    if minute:
        return f"{hour} {f'oh {minute}' if minute < 10 else minute}"  # noqa: PLR2004 - one digit
    if half or is_exact:
        return str(hour)
    if hour % _LAST_HOUR == 0:
        return "midnight"
    return f"{hour} o'clock" if hour <= _NOON else f"{hour} hundred"


def _dotted_time(found: re.Match[str]) -> str:
    return _clock(f"{found['hour']}:{found['minute']}", found["half"]) + found["half"]


def _halves(found: re.Match[str]) -> str:
    return f"{found['from']} to {found['to']}"


def _named(month: str) -> str:
    return _BY_NAME[month.rstrip(".")]


def _month_day(found: re.Match[str]) -> str | None:
    """A full month name without a year may not be a date: ``May 5 people come?``"""
    day = int(found["day"])
    if not 1 <= day <= _LAST_DAY:
        return None
    month = found["month"]
    after = found.string[found.end() : found.end() + 1]
    if not (found["dot"] or found["year"] or found["suffix"]) and after and after not in ".,;:!?)\"'":
        return _named(month) + f" {found['day']}"
    rest = f"{found['comma']} {year(found['year'])}" if found["year"] else ""
    return f"{_named(month)} {ordinal_digits(day)}{rest}"


def _day_month(found: re.Match[str]) -> str | None:
    if not 1 <= int(found["day"]) <= _LAST_DAY:
        return None
    day = f"{found['day']}{found['suffix'] or ''}"
    return f"{day}{found['of']}{_named(found['month'])}{found['comma']} {year(found['year'])}"


def _month_year(found: re.Match[str]) -> str:
    return f"{_named(found['month'])}{found['comma']} {year(found['year'])}"


def _month_alone(found: re.Match[str]) -> str:
    return _named(found["month"] or found["after"])


def _day_name(found: re.Match[str]) -> str:
    if found["name"]:
        return f"{_DAYS[found['name']]}{',' if ',' in found.group() else ''} "
    return f"{_DAYS[found['first']]} to {_DAYS[found['last']]}"


def _iso(found: re.Match[str]) -> str | None:
    return _date(found["year"], int(found["month"]), int(found["day"]))


def _slashed(found: re.Match[str]) -> str | None:
    """Left unchanged if it could be either of two dates."""
    first, second = int(found["first"]), int(found["second"])
    if first == second or second > _LAST_MONTH:
        return _date(found["year"], first, second)
    return _date(found["year"], second, first) if first > _LAST_MONTH else None


def _date(written: str, month: int, day: int) -> str | None:
    if not (1 <= month <= _LAST_MONTH and 1 <= day <= _LAST_DAY):
        return None
    return f"{_MONTHS[month - 1]} {ordinal_digits(day)}, {year(written)}"


def _decade(found: re.Match[str]) -> str:
    return decade(int(found["century"]), int(found["tens"]))


def _short_decade(found: re.Match[str]) -> str:
    return decade(None, int(found["tens"] or found["plain"] or found["early"] or found["late"]))


def _years(found: re.Match[str]) -> str | None:
    first, last = found["from"], found["to"]
    whole = last if len(last) == len(first) else first[:2] + last
    if int(whole) <= int(first) or (len(last) != len(first) and found["dash"].strip() != found["dash"]):
        return None
    if len(last) != len(first) and last.startswith("0"):
        return f"{year(first)} to {year(whole)}"
    return f"{year(first)} to {year(last) if len(last) == len(first) else last}"


def _year(found: re.Match[str]) -> str:
    return found["lead"] + year(found["year"])


def _era(found: re.Match[str]) -> str:
    return year(found["year"] or found["after"])


RULES = (
    Rule("-/.", _ISO, _iso, digit=True, hint=_PARTED_YEAR),
    Rule("-/", _SLASHED, _slashed, digit=True),
    Rule(":", _VERSE, lambda found: f"{found['book']} {found['chapter']} {found['verse']}", digit=True),
    Rule(":", _TIME, _time, digit=True),
    Rule(".", _DOTTED_TIME, _dotted_time, digit=True, hint=POINT_BEFORE_DIGIT),
    Rule("-–", _HALVES, _halves, digit=True),
    Rule("-–—", _BETWEEN_HALVES, lambda _: " to ", (".m.", ".M."), digit=True),
    Rule(DIGITS + "-–", _DAY_NAME, _day_name, tuple(_DAYS)),
    Rule(DIGITS, _DAY_MONTH, _day_month, _NAMES),
    Rule(DIGITS, _MONTH_DAY, _month_day, _NAMES),
    Rule(DIGITS, _MONTH_YEAR, _month_year, _NAMES),
    Rule(DIGITS, _MONTH_ALONE, _month_alone, _NAMES),
    Rule("0", _DECADE, _decade, ("0s", "0's", "0’s")),
    Rule("0", _SHORT_DECADE, _short_decade, ("0s",)),
    Rule("-–", _YEARS, _years, digit=True),
    Rule("1", _YEAR, _year, digit=True, hint=_FOUR_DIGITS),
    Rule("1", _ERA, _era, (" AD", " BC", " CE", " A.D.", " B.C.", "AD ", "c. ", "ca. ")),
)
