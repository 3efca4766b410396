"""Times and dates in Chinese texts, and fractions, which look like them."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.forms import Rule
from segue.speech.core.text.verbalize.mandarin_words import DASH, W, by_digit, number

_CLOCK = r"(?:[01]?[0-9]|2[0-4]):[0-5][0-9]"
_TIME = re.compile(
    rf"(?<![{W}:./-])(?:(?P<lead>[aApP]\.?[mM]\.?)\s?)?(?P<from>{_CLOCK})(?P<seconds>:[0-5][0-9])?(?P<half>\s?[aApP]\.?[mM]\.?(?![{W}]))?"
    rf"(?:(?P<dash>{DASH}|[至到])(?P<to>{_CLOCK})(?P<later>\s?[aApP]\.?[mM]\.?(?![{W}]))?)?(?![{W}:]"
    rf"|[.,/-][0-9])(?P<named>分(?![鐘钟之]))?"
)
_HALVES = {"a": "上午", "p": "下午"}
_DATE = re.compile(
    rf"(?<![{W}/.-])(?P<year>[12][0-9]{{3}})(?P<sep>[-/.])(?P<month>[0-9]{{1,2}})(?P=sep)"
    rf"(?P<day>[0-9]{{1,2}})(?![{W}/-]|[.:][0-9])"
)
_MONTH = re.compile(rf"(?<![{W}/.-])(?P<year>[12][0-9]{{3}})/(?P<month>[0-9]{{1,2}})(?![{W}/-]|[.:][0-9])")
_YEARS = re.compile(
    rf"(?<![{W}/.,:-])(?P<from>[12][0-9]{{3}})(?P<sign>年)?(?:{DASH}|(?P<word>[至到]))"
    rf"(?P<to>[12][0-9]{{3}})(?=年(?!級|级))"
    rf"|(?<![{W}/.,:-])(?P<first>[12][0-9]{{3}}){DASH}(?P<last>[12][0-9]{{3}}|[0-9]{{2}})"
    r"(?=年(?!級|级)|[球賽赛]季|[學学]年|[財财]年|年度)"
)
_YEAR = re.compile(
    rf"(?<![{W}/.,:-])(?P<year>[12][0-9]{{3}})(?P<blank>\s?)年(?!級|级|前|後|后|來|来|以|間|间|歷|历|之)"
)
_DAYS = re.compile(
    rf"(?<![{W}/.,:-])(?P<month>1?[0-9])/(?P<day>[0-3]?[0-9]){DASH}(?:(?P<other>1?[0-9])/)?"
    rf"(?P<last>[0-3]?[0-9])(?![{W}/-]|[.,:][0-9])"
)
_SLASHED = re.compile(
    rf"(?<![{W}/.,:$-])(?:(?P<whole>[0-9]{{1,3}}) )?(?P<first>[0-9]{{1,4}})/(?P<second>[0-9]{{1,4}})"
    rf"(?![{W}/]|[.,:][0-9]|-[0-9])"
)
_LAST_MONTH, _LAST_DAY = 12, 31


def _time(found: re.Match[str]) -> str:
    seconds = found["seconds"]
    said = _clock(found["from"], found["half"] or found["lead"])
    if seconds:
        said += "零分" if said.endswith("點") else ""
        said += f"{int(seconds[1:])}秒"
    return said if found["to"] is None else f"{said}到{_clock(found['to'], found['later'])}"


def _clock(written: str, half: str | None) -> str:
    hour, minute = (int(part) for part in written.split(":"))
    said = f"{_HALVES[half.strip()[0].lower()] if half else ''}{'兩' if hour == 2 else hour or '零'}點"  # noqa: PLR2004
    if not minute:
        return said
    return f"{said}{'零' if minute < 10 else ''}{minute}分"  # noqa: PLR2004 - one digit


def _date(found: re.Match[str]) -> str | None:
    month, day = int(found["month"]), int(found["day"])
    if not _is_day(month, day):
        return None
    after = "" if found.string[found.end() : found.end() + 1] in {"日", "號", "号"} else "日"
    return f"{by_digit(found['year'])}年{month}月{day}{after}"


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= _LAST_MONTH and 1 <= day <= _LAST_DAY


def _month(found: re.Match[str]) -> str | None:
    month = int(found["month"])
    return f"{by_digit(found['year'])}年{month}月" if 1 <= month <= _LAST_MONTH else None


def _years(found: re.Match[str]) -> str:
    if found["first"]:
        return f"{by_digit(found['first'])}到{by_digit(found['last'])}"
    return f"{by_digit(found['from'])}{found['sign'] or ''}到{by_digit(found['to'])}"


def _year(found: re.Match[str]) -> str:
    return f"{by_digit(found['year'])}年"


def _days(found: re.Match[str]) -> str | None:
    month, day, last = int(found["month"]), int(found["day"]), int(found["last"])
    other = int(found["other"] or month)
    if not (_is_day(month, day) and _is_day(other, last)) or (other, last) <= (month, day):
        return None
    return f"{month}月{day}日到{f'{other}月' if found['other'] else ''}{last}日"


def _slashed(found: re.Match[str]) -> str | None:
    """A date if it is hardly a fraction, such as ``11/28``; the others are fractions, such as ``3/4``."""
    first, second = int(found["first"]), int(found["second"])
    whole = found["whole"]
    if not whole and _is_day(first, second) and (second > _LAST_MONTH or first >= second or _is_dated(found)):
        after = "" if found.string[found.end() : found.end() + 1] in {"日", "號", "号"} else "日"
        return f"{first}月{second}{after}"
    if not 0 < first < second:
        return None
    return f"{f'{number(whole)}又' if whole else ''}{number(found['second'])}分之{number(found['first'])}"


def _is_dated(found: re.Match[str]) -> bool:
    after = found.string[found.end() : found.end() + 2]
    return (after[:1] in {"(", "（"} and after[1:] in set("一二三四五六日週周星禮礼")) or after[:1] in {"號", "号"}


RULES = (
    Rule("-/.", _DATE, _date, digit=True),
    Rule("/", _MONTH, _month, digit=True),
    Rule("年季", _YEARS, _years, digit=True),
    Rule("年", _YEAR, _year, digit=True),
    Rule(":", _TIME, _time, digit=True),
    Rule("/", _DAYS, _days, digit=True),
    Rule("/", _SLASHED, _slashed, digit=True),
)
