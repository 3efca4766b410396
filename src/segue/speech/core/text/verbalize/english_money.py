"""Amounts of money in English: ``$49.95``, ``$1.5bn``, ``€2,75``, ``US$5-10 million``, ``50¢``, ``5 USD``."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.forms import DIGITS, NUMBER, Rule

_CURRENCIES = {
    "USD$": ("US dollar", "US dollars", "cent"),
    "US$": ("US dollar", "US dollars", "cent"),
    "NT$": ("New Taiwan dollar", "New Taiwan dollars", ""),
    "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent"),
    "AU$": ("Australian dollar", "Australian dollars", "cent"),
    "A$": ("Australian dollar", "Australian dollars", "cent"),
    "CA$": ("Canadian dollar", "Canadian dollars", "cent"),
    "C$": ("Canadian dollar", "Canadian dollars", "cent"),
    "NZ$": ("New Zealand dollar", "New Zealand dollars", "cent"),
    "S$": ("Singapore dollar", "Singapore dollars", "cent"),
    "$": ("dollar", "dollars", "cent"),
    "£": ("pound", "pounds", "penny"),
    "€": ("euro", "euros", "cent"),
    "¥": ("yen", "yen", ""),
    "₹": ("rupee", "rupees", ""),
    "₩": ("won", "won", ""),
    "₽": ("ruble", "rubles", ""),
    "₱": ("peso", "pesos", ""),
    "₫": ("dong", "dong", ""),
    "฿": ("baht", "baht", ""),
    "₪": ("shekel", "shekels", ""),
    "₿": ("bitcoin", "bitcoins", ""),
}
_CODES = {
    "USD": "US$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "TWD": "NT$",
    "NTD": "NT$",
    "HKD": "HK$",
    "AUD": "A$",
    "CAD": "C$",
    "NZD": "NZ$",
    "SGD": "S$",
    "INR": "₹",
    "KRW": "₩",
    "BTC": "₿",
}
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "t": "trillion"}
_PER = {"mo": "month", "yr": "year", "hr": "hour", "wk": "week", "gal": "gallon", "lb": "pound", "kg": "kilogram"}
_PER_WORDS = "month year hour day week night person user unit item mile page seat gallon share ticket minute"
_CENTS_DIGITS = 2

_AMOUNT = rf"(?:\.\d{{1,2}}(?!\d)|\d{{1,3}}(?:\.\d{{3}}){{0,4}},\d{{2}}(?!\d|[.,]\d)|{NUMBER})"
_SCALE = r"(?:\s?(?:thousand|million|billion|trillion|bn|mn|[kKmMbBtT])(?!\w))"
_SIGN = "|".join(map(re.escape, _CURRENCIES))
_CODE = "|".join(_CODES)
_DASH = r"\s?[-–—]\s?"
_END = r"(?!\w|[.,]\d)"
_BY = rf"(?:\s?/\s?(?P<per>{'|'.join([*_PER, *_PER_WORDS.split()])})(?!\w))?"
_SIGNED = re.compile(
    rf"(?<![\w$€£¥.,])(?P<minus>[-−]\s?)?(?P<sign>{_SIGN})\s?(?P<amount>{_AMOUNT})(?P<scale>{_SCALE})?"
    rf"(?:{_DASH}(?:(?P=sign)\s?)?(?P<most>{_AMOUNT})(?P<last>{_SCALE})?)?{_END}{_BY}"
)
_CODED = re.compile(
    rf"(?<![\w$€£¥.,])(?:(?P<first>{_CODE})\s?)(?P<amount>{_AMOUNT})(?P<scale>{_SCALE})?{_END}"
    rf"|(?<![\w$€£¥.,-])(?P<behind>{_AMOUNT})(?P<scaled>{_SCALE})?\s?(?P<sign>{_CODE}|[€£¥₹₩₽₱₫฿₪])"
    rf"(?![\w.]\w|\w|\d)"
)
_CENTS = re.compile(r"(?<![\w.,])(?P<cents>\d{1,2})\s?¢(?!\w)")
_ARTICLE = re.compile(r"(?:\A|\W)[Aa]n?\s\Z")
_NOUN = re.compile(
    r"[\s-](?!(?:and|or|to|in|for|at|on|of|from|is|was|a|an|the|per|each|more|less|by|but|if)\b)[a-z]"
)


def _money(found: re.Match[str]) -> str:
    sign = found["sign"]
    amount, scale = found["amount"], _scale(found["scale"])
    minus = "minus " if found["minus"] else ""
    if found["most"] is None:
        said = _said(amount, scale, sign, is_adjective=not found["per"] and _is_adjective(found))
    else:
        last = _scale(found["last"])
        first = f"{_digits(amount)} {scale}" if scale and scale != last else _digits(amount)
        said = f"{first} to {_said(found['most'], last, sign)}"
    per = found["per"]
    return f"{minus}{said}{f' per {_PER.get(per, per)}' if per else ''}"


def _coded(found: re.Match[str]) -> str:
    code = found["first"] or found["sign"]
    amount, scale = found["amount"] or found["behind"], _scale(found["scale"] or found["scaled"])
    return _said(amount, scale, _CODES.get(code, code))


def _cents(found: re.Match[str]) -> str:
    return _small(found["cents"], "cent")


def _said(amount: str, scale: str, sign: str, *, is_adjective: bool = False) -> str:
    one, many, small = _CURRENCIES[sign]
    digits = _digits(amount)
    if scale:
        return f"{digits} {scale} {one if is_adjective else many}"
    whole, _, part = digits.partition(".")
    named = one if whole == "1" or is_adjective else many
    if part and (len(part) != _CENTS_DIGITS or not small):
        return f"{digits} {one if is_adjective else many}"
    if not part.strip("0"):
        return f"{whole} {named}"
    if whole == "0":
        return _small(part, small)
    cents = f"{int(part)} {small}" if is_adjective and small == "cent" else _small(part, small)
    return f"{whole} {named} and {cents}"


def _small(part: str, small: str) -> str:
    many = "pence" if small == "penny" else f"{small}s"
    return f"{int(part)} {small if int(part) == 1 else many}"


def _digits(amount: str) -> str:
    """The amount with a point before the decimals: ``1.200,50`` is 1,200.50, and ``2,75`` is 2.75."""
    if amount.startswith("."):
        return f"0{amount}"
    if amount[-3:-2] != ",":
        return amount
    return f"{amount[:-3].replace('.', ',')}.{amount[-2:]}"


def _scale(written: str | None) -> str:
    name = (written or "").strip()
    return _SCALES.get(name.lower(), name)


def _is_adjective(found: re.Match[str]) -> bool:
    """Whether it is an adjective: ``a $5 bill`` is a 5 dollar bill."""
    before = found.string[max(0, found.start() - 4) : found.start()]
    return bool(_ARTICLE.search(before)) and _NOUN.match(found.string, found.end()) is not None


RULES = (
    Rule("$£€¥₹₩₽₱₫฿₪₿", _SIGNED, _money, digit=True),
    Rule(DIGITS, _CODED, _coded, (*_CODES, *"€£¥₹₩₽₱₫฿₪")),
    Rule("¢", _CENTS, _cents, digit=True),
)
