"""Reasons in Traditional Chinese, in the terms of the pages in ``docs`` that are in Traditional Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.core.gates import Verdict
from segue.rollout.core.reasons import Beside, ReasonCode, Then
from segue.rollout.wording.formats import few_or_many, limit, local_time, measured, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.rollout.wording.formats import Values, Words

_BESIDE = {
    Beside.WORSE: "比同一時間的基準差",
    Beside.NOT_PROVEN: "但尚無足夠證據顯示它比同一時間的基準差",
    Beside.NO_COMPARISON: "但同一時間基準的流量太少，無法比較",
}
_THEN = {
    Then.ACTS: "",
    Then.HOLDS: "；維持現狀",
    Then.HOLDS_WHILE_IT_LASTS: "；只要情況持續就維持現狀（policy.when_alone），你可以手動退回",
    Then.ROLLS_BACK_LATER: "；維持現狀，持續滿 {after_s:.0f} 秒即退回",
}
_CASES = {"units": "個單位", "streams": "個串流", "listeners": "位聽眾"}
_PHASES = {
    "manual": "由操作人員設定流量",
    "running": "進行中",
    "awaiting_approval": "等待核可",
    "awaiting_hours": "等待允許的時段",
    "cooling": "冷卻中",
    "paused": "已暫停",
    "rolled_back": "已退回",
    "finished": "已完成",
}
_ARMS = {"baseline": "基準", "candidate": "候選"}
_VERDICTS = {
    Verdict.PASS: "通過",
    Verdict.FAIL: "未通過",
    Verdict.INCONCLUSIVE: "尚無定論",
    Verdict.ERROR: "無法讀取",
}
_DAYS_OF_WEEK = "一二三四五六日"


def _alarm(values: Values) -> str:
    whose = f"（{values['character']}）" if values["character"] else ""
    beside, then = _BESIDE[values["beside"]], _THEN[values["then"]].format_map(values)
    return (
        f"{values['metric']}{whose}：最近 {values['trials']:.0f} {_CASES[values['cases']]}{_size(values)}，"
        f"{beside}；並非偶然的勝算為 {values['odds']:,.0f} 比 1{then}"
    )


def _size(values: Values) -> str:
    if values["measure"] == "mean":
        return f"平均 {values['value']:.2f} 秒"
    slower = f"超過 {values['level_s']:g} 秒" if values["measure"] == "slower" else ""
    return f"有 {values['value']:.1%} {slower}" if slower else f"為 {values['value']:.1%}"


def _opens_later(values: Values) -> str:
    opens = local_time(values["opens_at_s"], values["zone"])
    day = _DAYS_OF_WEEK[opens.weekday()]
    from_when = f"{opens:%Y-%m-%d}（{day}）{opens:%H:%M} 起開放（{values['zone']}）"
    return f"目前不可進入階段 {values['stage']}（不在其時段或星期內）；{from_when}"


def _no_stream(values: Values) -> str:
    if "arm" not in values:
        return f"{values['metric']}：尚無串流"
    verdict = _VERDICTS[values["verdict"]]
    return f"{values['metric']}：無法與基準比較（{verdict}），因為{_ARMS[values['arm']]}尚無串流"


def _few_cases(values: Values) -> str:
    found = "{metric}：判定需要 {wanted:.0f} ".format_map(values)
    return f"{found}{_CASES[values['cases']]}，目前 {values['trials']:.0f}{_in_days(values['days'])}"


def _gate(values: Values, state: str) -> str:
    what = {"mean": "平均", "bad": "不良"}.get(values["measure"]) or f"超過 {values['level_s']:g} 秒"
    return (
        f"{values['metric']}：{values['trials']:.0f} {_CASES[values['cases']]}中{what} {measured(values)}，"
        f"須低於 {limit(values)}：{state}"
    )


def _needs_cases(values: Values) -> str:
    return _gate(values, f"約需 {values['wanted']:,.0f}，目前 {values['trials']:.0f}{_in_days(values['days'])}")


def _needs_cases_of_step(values: Values) -> str:
    wanted = f"{values['wanted']:.0f} {_CASES[values['cases']]}"
    return _gate(values, f"這一步本身需要 {wanted}，目前 {values['of_step']:.0f}")


def _in_days(days: float) -> str:
    return f"；依目前流量還要 {few_or_many(days)} 天" if days else ""


def _phase(text: str) -> Callable[[Values], str]:
    return lambda values: text.format(phase=_PHASES.get(values["phase"], values["phase"]))


def _margin(values: Values) -> str:
    found = (
        "{metric} 與基準相比：{low:.2%} 至 {high:.2%}，基準 {baseline_low:.2%} 至 {baseline_high:.2%}，"
        "容許差距 {margin:.1%}"
    )
    return f"{found.format_map(values)}：{_VERDICTS[values['verdict']]}"


WORDS: Words = {
    ReasonCode.INACTIVE: _phase("推出目前{phase}：不會自動進行任何動作"),
    ReasonCode.ONLY_ALARMS: _phase("推出目前{phase}；告警仍然有效"),
    ReasonCode.RESUMES_LATER: template("已退回；若無人介入，{left_s:.0f} 秒後自動繼續"),
    ReasonCode.RESUME_DUE: template("退回後的等待時間已到（policy.resume）"),
    ReasonCode.COOLING: template("冷卻中，還剩 {left_s:.0f} 秒"),
    ReasonCode.COOLED_DOWN: template("冷卻結束"),
    ReasonCode.METRICS_UNREADABLE: template("無法讀取指標來源（{trouble}）：維持現狀，不作決定"),
    ReasonCode.NO_TRAFFIC: template("已 {quiet_s:.0f} 秒沒有流量：維持現狀，因為沒有資料不等於資料良好"),
    ReasonCode.SPLIT_BROKEN: template(
        "分流不正確：{listeners} 位新聽眾中有 {on_candidate} 位在候選，但占比應為 {share:.1%}；修正之前的測量無效"
    ),
    ReasonCode.ALARM: _alarm,
    ReasonCode.CONFINED_TO_CHARACTER: template("問題只出在 {character}；其他角色繼續"),
    ReasonCode.STEPPED_BACK_OFTEN: template("已退回 {times} 次：必須由人決定"),
    ReasonCode.NO_MILDER_STAGE: template("沒有更早的階段讓較少聽眾聽到候選：因此全面回復，而不是退回一個階段"),
    ReasonCode.MISSED_FOR_LONG: template("觀察期結束後 {overdue_s:.0f} 秒仍確定未達標"),
    ReasonCode.STAGE_NEEDS_APPROVAL: template("必須有人核可 {stage}，之後才會有人聽到候選"),
    ReasonCode.NEXT_STAGE_NEEDS_APPROVAL: template("必須有人核可下一階段"),
    ReasonCode.APPROVAL_REQUESTED: template("下一階段需要有人核可"),
    ReasonCode.APPROVED: template("已核可"),
    ReasonCode.NOTHING_MISSING: template("不需要其他條件"),
    ReasonCode.STAGE_OPENS_LATER: _opens_later,
    ReasonCode.HOLD_NOT_OVER: template("觀察期還需要 {left_s:.0f} 秒"),
    ReasonCode.HOLD_OVER: template("{hold_s:.0f} 秒的觀察期已結束，{gates} 項閘門全部達標"),
    ReasonCode.NO_GATE_READ: template("沒有任何閘門可以讀取"),
    ReasonCode.NO_STREAM: _no_stream,
    ReasonCode.FEW_LISTENERS: template("{metric}：判定需要 {wanted:.0f} 位不同的聽眾，目前 {listeners:.0f} 位"),
    ReasonCode.FEW_CASES: _few_cases,
    ReasonCode.GATE_MET: lambda values: _gate(values, "達標"),
    ReasonCode.GATE_MISSED: lambda values: _gate(values, "未達標"),
    ReasonCode.GATE_NEEDS_CASES_OF_STEP: _needs_cases_of_step,
    ReasonCode.GATE_NEEDS_CASES: _needs_cases,
    ReasonCode.GATE_NEARLY_MET: lambda values: _gate(values, "幾乎確定；再多一點同樣的資料即可"),
    ReasonCode.GATE_UNREACHABLE: lambda values: _gate(values, "尚不確定，而且照目前的比率不會達標"),
    ReasonCode.MARGIN: _margin,
}
