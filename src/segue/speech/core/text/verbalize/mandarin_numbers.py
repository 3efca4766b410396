"""Numbers in Chinese texts: telephone numbers, dates, times, percentages, ranges, fractions, sums."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize import mandarin_names
from segue.speech.core.text.verbalize.forms import DIGITS, NUMBER, Rule, kept, value_of
from segue.speech.core.text.verbalize.mandarin_words import DASH, W, by_digit, is_said_minus, number

BEFORE = rf"(?<![{W}.,/:@#$€£¥%°^-])"
"""Not within a Latin word or a longer number."""
AFTER = rf"(?![{W}]|[.,:/][0-9]|-[0-9])"

_STORE = re.compile(r"(?<![0-9A-Za-z-])7-11(?![0-9A-Za-z-])")
_ROOT = re.compile(r"√\s?(?=[0-9])")
_TIMES = re.compile(r"(?<=[0-9A-Za-z)])\s?×\s?(?=[0-9A-Za-z(])")
_GROUPS = re.compile(r"[0-9]+")
_PHONE = re.compile(
    rf"(?<![{W}.+-])(?:\+[0-9]{{1,3}}[- ]?(?:[0-9]{{1,4}}[- ])?[0-9]{{2,4}}(?:[- ][0-9]{{3,4}}){{1,3}}"
    r"|[(（]0[0-9]{1,2}[)）]\s?[0-9]{3,4}[- ]?[0-9]{4}|0[0-9]{1,3}[- ][0-9]{3,4}[- ]?[0-9]{3,4}|09[0-9]{8}"
    r"|1[3-9][0-9]{9}|[0-9]{4}(?:[- ][0-9]{4}){3}"
    r"|1[3-9][0-9][- ][0-9]{4}[- ][0-9]{4}|[48]00-[0-9]{3}-[0-9]{4}|0[0-9]{1,2}-[0-9]{6,8}"
    r"|[2-9][0-9]{2,3}-[0-9]{4})"
    rf"(?![{W}-]|[.,][0-9])"
)
_LOCAL = re.compile(r"[2-9][0-9]{2,3}-[0-9]{4}")

_RATIO = re.compile(rf"(?<![{W}.,:/-])(?P<from>{NUMBER}):(?P<to>{NUMBER})(?![{W}:/]|[.,][0-9])")

_VULGAR = re.compile(r"(?P<whole>[0-9]{1,4})?\s?(?P<part>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")
_PARTS = {
    "½": "2分之1",
    "⅓": "3分之1",
    "⅔": "3分之2",
    "¼": "4分之1",
    "¾": "4分之3",
    "⅕": "5分之1",
    "⅖": "5分之2",
    "⅗": "5分之3",
    "⅘": "5分之4",
    "⅙": "6分之1",
    "⅚": "6分之5",
    "⅛": "8分之1",
    "⅜": "8分之3",
    "⅝": "8分之5",
    "⅞": "8分之7",
}
_PERCENT = re.compile(
    rf"(?<![{W}.,/:@#$%°])(?P<minus>[-−])?(?P<amount>{NUMBER})(?:\s?%)?(?:{DASH}(?P<most>{NUMBER}))?\s?"
    rf"(?P<sign>[%‰])(?![{W}])"
    rf"|{BEFORE}(?P<low>{NUMBER})\s?%(?P<word>[至到])(?P<high>{NUMBER})\s?%"
)
_HIGHEST_SCORE = 200

_SUM = re.compile(
    rf"{BEFORE}-?{NUMBER}(?:\s?[-−–+×÷*/xX]\s?{NUMBER}){{1,8}}\s?=(?:\s?(?P<result>-?{NUMBER}|[?？])(?![0-9]))?"
)
_SIGN = re.compile(r"\s?(?P<sign>[-−–+×÷*/xX=])\s?(?P<minus>-)?")
_SIGNS = {
    "-": "減",
    "−": "減",
    "–": "減",
    "+": "加",
    "×": "乘",
    "*": "乘",
    "x": "乘",
    "X": "乘",
    "÷": "除以",
    "/": "除以",
    "=": "等於",
}
_BETWEEN = re.compile(
    rf"(?<![{W}.,/:-])(?P<first>{NUMBER})(?P<rest>(?:\s?[×÷±+*]\s?{NUMBER}){{1,8}})(?![{W}/:]|[.,][0-9])"
)
_BETWEEN_SIGN = re.compile(r"\s?(?P<sign>[×÷±+*])\s?")
_BETWEEN_SIGNS = _SIGNS | {"±": "正負"}
_ALL_NUMBERS = re.compile(NUMBER)
_POWER = re.compile(rf"(?<=[0-9A-Za-z)])(?:\^(?P<power>[0-9]{{1,4}})(?![{W}.])|(?P<small>[²³])(?![{W}]))")
_COMPARED = re.compile(
    r"(?<=[0-9A-Za-z%²³)元圓圆幣币鎊镑斤里升克尺度])\s?(?P<sign>>=|<=|[<>≥≤≠≈=])\s?(?=[-0-9A-Za-z(])"
)
_BOUND = re.compile(r"(?<![0-9A-Za-z<>=%)])(?P<sign>>=|<=|[<>≥≤≈±~～])\s?(?=[$€£]?[0-9])")
_COMPARISONS = {
    ">": "大於",
    "<": "小於",
    ">=": "大於等於",
    "≥": "大於等於",
    "<=": "小於等於",
    "≤": "小於等於",
    "≠": "不等於",
    "≈": "約等於",
    "=": "等於",
}
_BOUNDS = _COMPARISONS | {"±": "正負", "~": "約", "～": "約", "≈": "約"}

_MINUS = re.compile(
    rf"(?:(?<=[\s(（,，、:：;；=。是為为到達达約约於于在至降成得負负])|(?<=零下)|(?<![\s\S]))[-−](?P<amount>{NUMBER}){AFTER}"
    rf"|(?<![{W}])−(?P<far>{NUMBER}){AFTER}"
)
_COLD = re.compile(
    rf"(?<![{W}.%°)-])[-−](?P<from>{NUMBER})(?:{DASH}|[至到])(?P<below>[-−])?(?P<to>{NUMBER})(?=\s?度)"
)
_BELOW_ZERO = re.compile(rf"(?<![{W}.%°)-])[-−](?P<amount>{NUMBER})(?=\s?度)")
_MEASURE_WORDS = (
    "個个隻只位人名天週周次歲岁杯碗本張张條条臺台部輛辆家件種种倍元塊块千萬万億亿公斤公里公尺公分公升公噸噸吨"
    "百小時时分鐘钟秒點点篇支枝瓶盒包袋份棵顆颗層层間间座所場场句頁页道首幅套雙双對对組组排根把面片朵頭头匹"
    "架艘棟栋束頓顿筆笔則则項项劑剂針针趟步口箱桶罐局米呎坪成票桌戶户國国案批隊队死傷伤男女"
)
_RANGE = re.compile(
    rf"{BEFORE}(?P<from>{NUMBER})(?P<unit>[萬億万亿])?{DASH}(?P<to>{NUMBER})(?![{W}/^%°]|[.,:][0-9]"
    rf"|[-–~][0-9]|\s?[=×÷*])(?P<counts>(?=\s?[{_MEASURE_WORDS}]))?"
)
_TWO = re.compile(
    rf"(?<![{W}.,/:第第零一二三四五六七八九十百千萬万億亿點点負负-])2(?=\s?(?:年(?!級|级|[0-9])"
    rf"|[{_MEASURE_WORDS}]))(?!\s?分之|\s?點[0-9]|\s?点[0-9])"
)
_BARE = re.compile(
    rf"(?<![{W}.,:/第-])(?P<number>{NUMBER})(?![0-9]|[.,:/][0-9])|(?<=第)(?P<counted>{NUMBER})(?![0-9]"
    rf"|[.,:/][0-9])"
)
_LETTERS_AFTER = re.compile(r"(?<=[A-Za-z])(?P<digit>[0-9])(?![0-9])(?P<more>(?=[A-Z]))?")
_VERSION = re.compile(
    rf"(?<![{W}.])[vV]\.?\s?(?P<parts>[0-9]{{1,4}}(?:\.[0-9]{{1,4}}){{1,3}})(?![{W}]"
    rf"|[.,][0-9])"
)
_BARE_VERSION = re.compile(rf"(?<![{W}.,/-])[0-9]{{1,4}}(?:\.[0-9]{{1,4}}){{2}}(?![{W}/-]|[.,:][0-9])")
_NUMBER_SIGN = re.compile(
    rf"(?<![{W}&#])(?:#|[Nn][Oo]\.?)\s?(?P<number>[0-9]{{1,6}})(?P<named>[名號号]?)(?![{W}]|[.,][0-9])"
    rf"|№\s?(?P<other>[0-9]{{1,6}})"
)
_VERSUS = re.compile(rf"(?<![{W}.])(?:vs\.?|VS\.?)(?![{W}])")
_ALWAYS = re.compile(rf"(?<![{W}.,/-])24/7(?![{W}/-])")
_TOWER = re.compile(r"(?<=[台臺]北)101(?![0-9])|(?<![0-9])101(?=大[樓楼])")
_KILO = re.compile(rf"{BEFORE}(?P<amount>[0-9]{{1,4}}(?:\.[0-9]{{1,2}})?)k(?![{W}])")


def _phone(found: re.Match[str]) -> str | None:
    if _LOCAL.fullmatch(found.group()) and _may_be_range(found):
        return None
    groups = "，".join(by_digit(group) for group in _GROUPS.findall(found.group()))
    return f"加{groups}" if found.group().startswith("+") else groups


def _may_be_range(found: re.Match[str]) -> bool:
    """``2000-3000元`` and ``2024-2026年`` are not telephone numbers."""
    first, _, second = found.group().partition("-")
    after = found.string[found.end() : found.end() + 2].lstrip()[:1]
    is_year = first.startswith(("19", "20")) and len(first) == len(second)
    return "\u4e00" <= after <= "\u9fff" or is_year or (first.endswith("0") and second.endswith("00"))


def _ratio(found: re.Match[str]) -> str:
    return f"{number(found['from'])}比{number(found['to'])}"


def _vulgar(found: re.Match[str]) -> str:
    whole = found["whole"]
    return f"{number(whole)}又{_PARTS[found['part']]}" if whole else _PARTS[found["part"]]


def _percent(found: re.Match[str]) -> str:
    if found["low"]:
        return f"百分之{number(found['low'])}{found['word']}百分之{number(found['high'])}"
    of = "百分之" if found["sign"] == "%" else "千分之"
    minus = "負" if found["minus"] else ""
    most = found["most"]
    if most is None:
        return f"{minus}{of}{number(found['amount'])}"
    return f"{minus}{of}{number(found['amount'])}到{of if '%' in found.group()[:-1] else ''}{number(most)}"


def _range(found: re.Match[str]) -> str | None:
    """A range if the second number is larger, else a score."""
    low, high = value_of(found["from"]), value_of(found["to"])
    unit = found["unit"] or ""
    if found["from"].startswith("0") and found["from"].isdigit() and len(found["from"]) > 1:
        return None
    if low < high:
        last = "兩" if found["to"] == "2" and found["counts"] is not None else number(found["to"])
        return f"{number(found['from'])}{unit}到{last}"
    if unit or low >= _HIGHEST_SCORE:
        return None
    is_house = found.string[found.end() : found.end() + 1] in {"號", "号"}
    return f"{number(found['from'])}{'之' if is_house else '比'}{number(found['to'])}"


def _sum(found: re.Match[str]) -> str:
    said = _ALL_NUMBERS.sub(lambda part: number(part.group()), found.group().lstrip("-"))
    said = _SIGN.sub(lambda sign: _SIGNS[sign["sign"]] + ("負" if sign["minus"] else ""), said)
    return f"負{said}" if found.group().startswith("-") else said


def _between(found: re.Match[str]) -> str:
    rest = _ALL_NUMBERS.sub(lambda part: number(part.group()), found["rest"])
    return number(found["first"]) + _BETWEEN_SIGN.sub(lambda sign: _BETWEEN_SIGNS[sign["sign"]], rest)


def _power(found: re.Match[str]) -> str:
    power = found["power"] or {"²": "2", "³": "3"}[found["small"]]
    return {"2": "的平方", "3": "的立方"}.get(power, f"的{power}次方")


def _compared(found: re.Match[str]) -> str:
    return _COMPARISONS[found["sign"]]


def _bound(found: re.Match[str]) -> str:
    return _BOUNDS[found["sign"]]


def _minus(found: re.Match[str]) -> str:
    return f"{'' if is_said_minus(found) else '負'}{number(found['amount'] or found['far'])}"


def _cold(found: re.Match[str]) -> str:
    minus = "" if is_said_minus(found) else "零下"
    return f"{minus}{number(found['from'])}到{'零下' if found['below'] else ''}{number(found['to'])}"


def _below_zero(found: re.Match[str]) -> str:
    return f"{'' if is_said_minus(found) else '零下'}{number(found['amount'])}"


def _bare(found: re.Match[str]) -> str | None:
    return number(found["number"] or found["counted"])


def _version(found: re.Match[str]) -> str:
    return f"版本{_dotted(found['parts'])}"


def _dotted(parts: str) -> str:
    return "點".join(number(part) for part in parts.split("."))


def _number_sign(found: re.Match[str]) -> str:
    return f"第{number(found['number'] or found['other'])}{found['named'] or ''}"


def _kilo(found: re.Match[str]) -> str:
    amount = float(found["amount"]) * 1000
    return number(f"{amount:.0f}")


def _apart(found: re.Match[str]) -> str | None:
    """A digit directly after letters is taken as a tone: ``MP3`` is read as one syllable.

    Lower-case letters may really be that.
    """
    before = found.string[max(0, found.start() - 8) : found.start()]
    if not any(sign.isupper() for sign in before):
        return None
    return f" {found['digit']}{'' if found['more'] is None else ' '}"


EARLY_RULES = (
    Rule("7", _STORE, kept, ("7-11",)),
    Rule(DIGITS, _PHONE, _phone),
    *mandarin_names.EARLY_RULES,
    Rule("=", _SUM, _sum, digit=True),
)
RULES = (
    Rule(":", _RATIO, _ratio, digit=True),
    Rule("%‰", _PERCENT, _percent, digit=True),
    Rule("1", _TOWER, lambda _: "一零一", ("101",)),
    Rule("/", _ALWAYS, lambda _: "全天候", ("24/7",), digit=True),
    Rule("".join(_PARTS), _VULGAR, _vulgar),
    Rule("vV", _VERSION, _version, digit=True),
    Rule(".", _BARE_VERSION, lambda found: _dotted(found.group()), digit=True),
    Rule("#oO№", _NUMBER_SIGN, _number_sign, digit=True),
)
LATE_RULES = (
    Rule("度", _COLD, _cold, digit=True),
    Rule("-–—~～〜", _RANGE, _range, digit=True),
    Rule("×÷±+*", _BETWEEN, _between, digit=True),
    Rule("度", _BELOW_ZERO, _below_zero, digit=True),
    Rule("-−", _MINUS, _minus, digit=True),
    Rule("×", _TIMES, lambda _: "乘"),
    Rule("√", _ROOT, lambda _: "根號", digit=True),
    Rule("^²³", _POWER, _power),
    Rule("<>=≥≤≠≈", _COMPARED, _compared),
    Rule("<>=≥≤≈±~～", _BOUND, _bound, digit=True),
    Rule("sS", _VERSUS, lambda _: "對"),
    Rule("k", _KILO, _kilo, digit=True),
    Rule("2", _TWO, lambda _: "兩"),
    Rule(DIGITS, _LETTERS_AFTER, _apart),
    Rule(DIGITS, _BARE, _bare),
)
