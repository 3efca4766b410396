"""Digits in Chinese texts that name something instead of counting, and are therefore read one by one."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.forms import DIGITS, Rule
from segue.speech.core.text.verbalize.mandarin_words import W, by_digit

_COUNTED = "0-9.,:%％年月日個个元塊块圓圆次通分萬万億亿千百字人名張张位條条下場场天倍度歲岁小"
"""Characters that follow a number that counts."""
_ENDS = r"(?=$|[\s，。、；：！？,;!?)）」』]|或|轉|转|查詢|查询|洽|報|报|叫|求|找|市民|防疫|專|专|熱|热)"
_CALLED = re.compile(
    rf"(?<=[撥拨打])(?P<short>[0-9]{{3}})(?![{_COUNTED}])|(?<=[撥拨打])(?P<long>[0-9]{{4,5}}){_ENDS}"
    r"|(?P<extension>分[機机][:：]?\s?)(?P<digits>[0-9]{2,6})(?![0-9])"
)
_HOTLINE = re.compile(
    rf"(?<![{W}.,/:-])[0-9]{{3,5}}(?=[^\W{W}{_COUNTED}](?:[^\W{W}]{{0,5}}?)[專专熱热][線线]|[專专熱热][線线])"
)
_CODE = re.compile(
    r"(?P<what>(?:[統统]一?[編编]|[編编][號号]|[帳账]號|[帳账]号|卡[號号]|[學学][號号]|[單单][號号]|序[號号]|房[號号]|工[號号]|"
    r"[驗验][證证][碼码]|密[碼码]|代[碼码]|代[號号]|[識识][別别][碼码]|[邀][請请][碼码]|[郵邮][遞递][區区][號号]|[郵邮][編编]|"
    r"字[號号]|[車车]牌|班[機机]|航班)(?:[號号][碼码]|[編编][號号])?)"
    rf"(?P<lead>\s?(?:[是為为]|[:：])?\s?(?:[A-Z]{{1,4}}-?)?)(?P<digits>[0-9]{{3,16}})(?![{_COUNTED}{W}-])"
)
_LISTED = re.compile(
    r"(?<=[\u4e00-\u9fffA-Za-z》」』][(（])(?P<code>[1-9][0-9]{3})(?=(?:[-.](?:TW|TWO|HK|SH|SZ|US|JP))?[)）])"
)
"""The number of a stock after its company's name. A year in this place is read in the same way."""
_DAY = re.compile(
    rf"(?<![{W}.,/:-])(?:[1-9]|1[0-2])[0-3][0-9](?=和平|事件|大?地震|[學学][運运]|[購购]物|[連连]假|海[嘯啸]|恐攻|空[難难]"
    r"|[慘惨]案|[槍枪][擊击]|水災|水灾|[紀纪]念|政[變变])"
)
_PLANE = re.compile(r"(?<=[波空機机])(?P<maker>音|巴|型)\s?[0-9]{3}-[0-9]{1,4}(?![0-9])")


def _called(found: re.Match[str]) -> str:
    if found["extension"]:
        return found["extension"] + by_digit(found["digits"])
    return by_digit(found["short"] or found["long"])


def _code(found: re.Match[str]) -> str:
    return f"{found['what']}{found['lead']}{by_digit(found['digits'])}"


def _plane(found: re.Match[str]) -> str:
    return "，".join(by_digit(part) for part in found.group().split("-"))


EARLY_RULES = (
    Rule("撥拨打機机", _CALLED, _called, digit=True),
    Rule("線线", _HOTLINE, lambda found: by_digit(found.group()), digit=True),
    Rule(DIGITS, _CODE, _code, tuple("編编號号碼码牌機机班")),
    Rule("(（", _LISTED, lambda found: by_digit(found["code"]), digit=True),
    Rule("音巴型", _PLANE, _plane, digit=True),
    Rule("和事地學学購购連连海恐空慘惨槍枪水紀纪政", _DAY, lambda found: by_digit(found.group()), digit=True),
)
