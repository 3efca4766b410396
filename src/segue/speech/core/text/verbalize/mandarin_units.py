"""Money and units in Chinese texts: ``NT$1,200``, ``€5``, ``60km/h``, ``-5°C``, ``10 m²``."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.forms import DIGITS, NUMBER, Rule
from segue.speech.core.text.verbalize.mandarin_words import DASH, W, is_said_minus, number, simplified

_CURRENCIES = {
    "US$": ("", "美元"),
    "NT$": ("新台幣", "元"),
    "HK$": ("港幣", "元"),
    "AU$": ("", "澳元"),
    "A$": ("", "澳元"),
    "CA$": ("", "加元"),
    "C$": ("", "加元"),
    "S$": ("", "新加坡元"),
    "RMB¥": ("人民幣", "元"),
    "$": ("", "元"),
    "€": ("", "歐元"),
    "£": ("", "英鎊"),
    "¥": ("", "日圓"),
    "₩": ("", "韓元"),
    "₹": ("", "盧比"),
    "₽": ("", "盧布"),
    "฿": ("", "泰銖"),
    "₫": ("", "越南盾"),
    "₱": ("", "披索"),
    "₿": ("", "比特幣"),
    "¢": ("", "分"),
    "USD": ("", "美元"),
    "TWD": ("新台幣", "元"),
    "NTD": ("新台幣", "元"),
    "HKD": ("港幣", "元"),
    "RMB": ("人民幣", "元"),
    "CNY": ("人民幣", "元"),
    "JPY": ("", "日圓"),
    "EUR": ("", "歐元"),
    "GBP": ("", "英鎊"),
    "AUD": ("", "澳元"),
    "KRW": ("", "韓元"),
}
"""The words before and after the amount. ``$`` alone may be dollars of any country, so 元 is never wrong."""
_MAINLAND = {"¥": ("", "元")}
_SCALES = {"k": "千", "m": "百萬", "million": "百萬", "b": "十億", "bn": "十億", "billion": "十億"}
_SIGN = "|".join(map(re.escape, _CURRENCIES))
_SCALE = rf"\s?(?:[kKmMbB]|bn|million|billion)(?![{W}])|[萬万億亿兆千百]{{1,2}}"
_MONEY = re.compile(
    rf"(?<![{W}$€£¥.,])(?P<minus>[-−])?(?P<sign>{_SIGN})\s?(?P<amount>{NUMBER})(?P<scale>{_SCALE})?"
    rf"(?:(?:{DASH}|(?P<word>[至到]))(?:(?P=sign))?\s?(?P<most>{NUMBER})(?P<last>{_SCALE})?)?(?![{W}]|[.,][0-9])"
    r"(?P<named>元|美元|美金|日圓|日元|歐元|欧元)?(?:/(?P<per>[月年日天人晚次]))?"
)
_MONEY_BEHIND = re.compile(
    rf"(?<![{W}$€£¥.,/:-])(?P<minus>[-−])?(?P<amount>{NUMBER})(?P<scale>{_SCALE})?\s?(?P<sign>{_SIGN})(?![{W}])"
)

_UNITS = {
    "km/h": ("時速", "公里"),
    "km/hr": ("時速", "公里"),
    "kph": ("時速", "公里"),
    "mph": ("時速", "英里"),
    "m/s": ("每秒", "公尺"),
    "km/s": ("每秒", "公里"),
    "µg/m³": ("每立方公尺", "微克"),
    "μg/m³": ("每立方公尺", "微克"),
    "µg/m3": ("每立方公尺", "微克"),
    "μg/m3": ("每立方公尺", "微克"),
    "mg/m³": ("每立方公尺", "毫克"),
    "mg/L": ("每公升", "毫克"),
    "mg/dL": ("每分升", "毫克"),
    "g/L": ("每公升", "公克"),
    "mmHg": ("", "毫米汞柱"),
    "rpm": ("每分鐘", "轉"),
    "MB/s": ("每秒", "MB"),
    "GB/s": ("每秒", "GB"),
    "km²": ("", "平方公里"),
    "km2": ("", "平方公里"),
    "m²": ("", "平方公尺"),
    "m2": ("", "平方公尺"),
    "cm²": ("", "平方公分"),
    "m³": ("", "立方公尺"),
    "m3": ("", "立方公尺"),
    "cm³": ("", "立方公分"),
    "km": ("", "公里"),
    "KM": ("", "公里"),
    "cm": ("", "公分"),
    "mm": ("", "公釐"),
    "nm": ("", "奈米"),
    "µm": ("", "微米"),
    "μm": ("", "微米"),
    "m": ("", "公尺"),
    "kg": ("", "公斤"),
    "KG": ("", "公斤"),
    "Kg": ("", "公斤"),
    "mg": ("", "毫克"),
    "µg": ("", "微克"),
    "μg": ("", "微克"),
    "g": ("", "公克"),
    "mL": ("", "毫升"),
    "ml": ("", "毫升"),
    "cc": ("", "西西"),
    "L": ("", "公升"),
    "ha": ("", "公頃"),
    "lb": ("", "磅"),
    "lbs": ("", "磅"),
    "oz": ("", "盎司"),
    "ft": ("", "英尺"),
    "kWh": ("", "千瓦時"),
    "kW": ("", "千瓦"),
    "MW": ("", "百萬瓦"),
    "W": ("", "瓦"),
    "V": ("", "伏特"),
    "mAh": ("", "毫安時"),
    "Hz": ("", "赫茲"),
    "kHz": ("", "千赫"),
    "MHz": ("", "百萬赫"),
    "GHz": ("", "吉赫"),
    "dB": ("", "分貝"),
    "kcal": ("", "大卡"),
    "hPa": ("", "百帕"),
    "ms": ("", "毫秒"),
    "min": ("", "分鐘"),
    "mins": ("", "分鐘"),
    "sec": ("", "秒"),
    "hr": ("", "小時"),
    "hrs": ("", "小時"),
    "h": ("", "小時"),
    "px": ("", "像素"),
    "Ω": ("", "歐姆"),
    "°C": ("", "度"),
    "° C": ("", "度"),
    "°F": ("華氏", "度"),
    "° F": ("華氏", "度"),
    "°": ("", "度"),
}
_UNIT = "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))
_MEASURE = re.compile(
    rf"(?<![{W}.,:@#$€£¥%°)])(?<![^CF°\u4e00-\u9fff]/)(?<![A-Za-z]-)(?P<minus>[-−–])?(?P<amount>{NUMBER})(?=\s?[A-Za-zµμΩ°−–—~～〜至到-])"
    rf"(?:(?:\s?(?P<first>{_UNIT}))?(?:{DASH}|(?P<word>[至到]))(?P<below>[-−])?(?P<most>{NUMBER}))?\s?"
    rf"(?P<unit>{_UNIT})(?![{W}²³]|/[A-Za-z])"
)
_FEET = re.compile(rf"(?<![{W}.,/-])(?P<feet>[0-9]{{1,2}})['’′]\s?(?P<inches>1?[0-9])(?:\"|”|″|''|’’)")
_ALONE = re.compile(rf"(?<![{W}/])(?P<unit>km/h|km²|m²|m³)(?![{W}/])")
_NAMES_ALONE = {"km/h": "公里每小時", "km²": "平方公里", "m²": "平方公尺", "m³": "立方公尺"}
_TEMPERATURES = frozenset("°C|° C|°F|° F|°".split("|"))


def _amounts(found: re.Match[str], scale: str | None, last: str | None, name: str) -> str:
    said = _two(found["amount"], scale or name) + _scale(scale)
    if found["most"] is None:
        return said
    return f"{said}到{_two(found['most'], last or name)}{_scale(last)}"


def _scale(written: str | None) -> str:
    name = (written or "").strip()
    return _SCALES.get(name.lower(), name)


def _two(amount: str, behind: str) -> str:
    return "兩" if amount == "2" and behind else number(amount)


def _unless_said(word: str, found: re.Match[str]) -> str:
    """``word``, unless it is already before the amount: ``時速60km/h``."""
    before = found.string[max(0, found.start() - 6) : found.start()].rstrip()
    return "" if word and before.endswith((word, simplified(word), word.removeprefix("新"))) else word


def _money(found: re.Match[str]) -> str:
    return _amount_of(found, _CURRENCIES)


def _money_there(found: re.Match[str]) -> str:
    return _amount_of(found, _CURRENCIES | _MAINLAND)


def _amount_of(found: re.Match[str], currencies: dict[str, tuple[str, str]]) -> str:
    before, behind = currencies[found["sign"]]
    if found["sign"] == "¥" and found.string[max(0, found.start() - 3) : found.start()] in {"人民幣", "人民币"}:
        behind = "元"
    name = behind if before or behind != "元" else found["named"] or behind
    per = f"每{found['per']}" if found["per"] else ""
    minus = "負" if found["minus"] else ""
    return f"{per}{_unless_said(before, found)}{minus}{_amounts(found, found['scale'], found['last'], name)}{name}"


def _money_behind(found: re.Match[str]) -> str:
    before, behind = _CURRENCIES[found["sign"]]
    minus = "負" if found["minus"] else ""
    scale = found["scale"]
    return f"{before}{minus}{_two(found['amount'], scale or behind)}{_scale(scale)}{behind}"


def _measure(found: re.Match[str]) -> str | None:
    unit, first = found["unit"], found["first"]
    if first and first != unit:
        return None
    before, behind = _UNITS[unit]
    is_cold = unit in _TEMPERATURES
    minus = ("零下" if is_cold else "負") if found["minus"] else ""
    is_behind = bool(found.string[found.start() - 1 : found.start()].strip()) if found.start() else False
    if minus and (is_said_minus(found) or (is_behind and not is_cold)):
        minus = ""
    said = f"{_unless_said(before, found)}{minus}{_two(found['amount'], behind)}"
    if found["most"] is not None:
        below = "零下" if found["below"] else ""
        said += f"到{below}{_two(found['most'], behind)}"
    return f"{said}{behind}"


MONEY = Rule("".join({sign for name in _CURRENCIES for sign in name}), _MONEY, _money)
MAINLAND_MONEY = MONEY._replace(say=_money_there)
RULES = (
    Rule("$€£¥₩₹₽฿₫₱₿¢DRYPB", _MONEY_BEHIND, _money_behind, digit=True),
    Rule(DIGITS, _MEASURE, _measure),
    Rule("'’′", _FEET, lambda found: f"{found['feet']}英尺{found['inches']}英寸", digit=True),
    Rule("/²³", _ALONE, lambda found: _NAMES_ALONE[found["unit"]]),
)
