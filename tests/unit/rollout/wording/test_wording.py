"""Reasons in words: every code in every language, also of other versions, and from stored histories."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from segue.rollout.controller.ledger import HistoryEntry
from segue.rollout.controller.loop import Judgement
from segue.rollout.core.decide import Decision
from segue.rollout.core.gates import Reading, Verdict
from segue.rollout.core.reasons import Beside, Reason, ReasonCode, Then, Values, reason
from segue.rollout.core.rollout import Phase, RolloutState, Verb
from segue.rollout.wording import MessageLanguage, english, message, sentence, traditional_chinese
from support.paths import ROOT

if TYPE_CHECKING:
    from segue.rollout.wording.formats import Words

_ALARM: Values = {
    "metric": "error_rate",
    "character": "pip_boy",
    "measure": "bad",
    "value": 0.153,
    "level_s": 0.0,
    "trials": 1200.0,
    "cases": "units",
    "beside": Beside.WORSE,
    "odds": 12345.0,
    "then": Then.ACTS,
    "after_s": 0.0,
}
_SLOWER: Values = {
    **_ALARM,
    "measure": "slower",
    "level_s": 5.0,
    "then": Then.ROLLS_BACK_LATER,
    "after_s": 60.0,
}
_BAD_IN_ENGLISH = "error_rate of pip_boy: 15.3%"
_WORSE_IN_ENGLISH = (
    "over the last 1200 units, worse than the baseline in the same time; odds 12,345 to 1 against chance"
)
_BACK_IN_ENGLISH = ": holding; rolls back when it has lasted 60 s"
_SLOWER_IN_CHINESE = "error_rate（pip_boy）：最近 1200 個單位有 15.3% 超過 5 秒"
_WORSE_IN_CHINESE = "比同一時間的基準差；並非偶然的勝算為 12,345 比 1"
_GATE: Values = {
    "metric": "p95_synthesis",
    "measure": "slower",
    "level_s": 2.5,
    "value": 0.0312,
    "limit": 0.05,
    "unit": "",
    "trials": 1350.0,
    "cases": "units",
    "wanted": 4000.0,
    "of_step": 3.0,
    "days": 0.0,
}


@pytest.mark.parametrize("words", [english.WORDS, traditional_chinese.WORDS], ids=["en", "zh-TW"])
def test_each_code_has_words_in_each_language(words: Words) -> None:
    assert set(words) == set(ReasonCode)


@pytest.mark.parametrize(
    ("given", "in_english", "in_chinese"),
    [
        (
            reason(ReasonCode.HOLD_NOT_OVER, left_s=90.0),
            "the hold needs another 90 s",
            "觀察期還需要 90 秒",
        ),
        (
            reason(ReasonCode.ONLY_ALARMS, phase=Phase.PAUSED),
            "the rollout is paused; alarms still take effect",
            "推出目前已暫停；告警仍然有效",
        ),
        (
            reason(ReasonCode.STAGE_OPENS_LATER, stage="all", opens_at_s=1773147600.0, zone="Asia/Taipei"),
            (
                "all may not be entered now (outside its hours or days); it opens at Tue 2026-03-10 21:00 "
                "(Asia/Taipei)"
            ),
            "目前不可進入階段 all（不在其時段或星期內）；2026-03-10（二）21:00 起開放（Asia/Taipei）",
        ),
        (
            Reason(ReasonCode.ALARM, _ALARM),
            f"{_BAD_IN_ENGLISH} {_WORSE_IN_ENGLISH}",
            f"error_rate（pip_boy）：最近 1200 個單位為 15.3%，{_WORSE_IN_CHINESE}",
        ),
        (
            Reason(
                ReasonCode.ALARM,
                _SLOWER,
            ),
            f"{_BAD_IN_ENGLISH} take longer than 5 s {_WORSE_IN_ENGLISH}{_BACK_IN_ENGLISH}",
            f"{_SLOWER_IN_CHINESE}，{_WORSE_IN_CHINESE}；維持現狀，持續滿 60 秒即退回",
        ),
        (
            Reason(ReasonCode.GATE_NEEDS_CASES, _GATE),
            "p95_synthesis: longer than 2.5 s 3.12 % of 1350 units, must be under 5 %: 1350 of about 4,000",
            "p95_synthesis：1350 個單位中超過 2.5 秒 3.12 %，須低於 5 %：約需 4,000，目前 1350",
        ),
        (
            Reason(ReasonCode.FEW_CASES, {**_GATE, "trials": 9.0, "wanted": 50.0, "days": 12.0}),
            "p95_synthesis: 9 of the 50 units that a verdict requires; at this traffic in 12 days",
            "p95_synthesis：判定需要 50 個單位，目前 9；依目前流量還要 12 天",
        ),
        (
            reason(ReasonCode.NO_STREAM, metric="p95_first_audio", arm="candidate", verdict=Verdict.INCONCLUSIVE),
            (
                "p95_first_audio: not comparable with the baseline (inconclusive), because the candidate has had "
                "no stream yet"
            ),
            "p95_first_audio：無法與基準比較（尚無定論），因為候選尚無串流",
        ),
    ],
    ids=lambda value: str(value.code) if isinstance(value, Reason) else None,
)
def test_a_reason_says_the_same_in_each_language(given: Reason, in_english: str, in_chinese: str) -> None:
    assert message(given) == in_english
    assert message(given, MessageLanguage.TRADITIONAL_CHINESE) == in_chinese


@pytest.mark.parametrize("language", MessageLanguage)
@pytest.mark.parametrize(
    "given",
    [
        Reason("of_a_newer_version", {"left_s": 3.5, "stage": "all"}),
        Reason(ReasonCode.HOLD_NOT_OVER, {"remaining_s": 3.5}),
        Reason(ReasonCode.HOLD_NOT_OVER, {"left_s": "long"}),
        Reason(ReasonCode.STAGE_OPENS_LATER, {"stage": "all", "opens_at_s": 1e300, "zone": "Asia/Taipei"}),
        Reason(ReasonCode.STAGE_OPENS_LATER, {"stage": "all", "opens_at_s": 0.0, "zone": "Mars/Olympus"}),
        Reason(ReasonCode.ALARM, {**_ALARM, "cases": "planets", "beside": "unknown"}),
    ],
    ids=lambda given: str(given.code),
)
def test_what_has_no_words_here_is_shown_as_it_is(given: Reason, language: MessageLanguage) -> None:
    shown = message(given, language)

    assert shown.startswith(given.code)
    assert all(name in shown for name in given.values)


def test_the_page_lists_each_code() -> None:
    page = (ROOT / "docs" / "rollout.md").read_text("utf-8")
    section = page[page.index("## The judge's reasons") : page.index("## The report")]

    assert set(re.findall(r"`([a-z_]+)`", section.partition("| when |")[2])) - {"readings", "reasons"} == set(
        ReasonCode
    )


def test_a_reason_is_stored_as_code_and_numbers_and_read_back() -> None:
    gate = Reason(ReasonCode.GATE_MET, _GATE)
    reading = Reading("error_rate", "candidate", "", 0, 50, 0.1, 0.05, Verdict.PASS, reason=gate)
    decision = Decision(Verb.ADVANCE, (reason(ReasonCode.HOLD_OVER, hold_s=9.0, gates=8),), 1.0, (reading,))
    entry = HistoryEntry("why", RolloutState(), RolloutState(), decision)

    stored = msgspec.json.encode(entry)
    assert json.loads(stored)["decision"]["reasons"] == [
        {"code": "hold_over", "values": {"hold_s": 9.0, "gates": 8}}
    ]
    read = msgspec.json.decode(stored, type=HistoryEntry)
    assert read == entry
    assert message(read.decision.reasons[0]) == "hold of 9 s is over, all 8 gates are met"  # type: ignore[union-attr]


def test_histories_with_sentences_in_place_of_reasons_stay_readable() -> None:
    old = {
        "revision": 3,
        "at_s": 9.0,
        "by": "replica",
        "decision": {
            "verb": None,
            "reasons": ["no traffic for 90 s: holding"],
            "wake_at_s": 10.0,
            "readings": [
                {
                    "gate": "error_rate",
                    "arm": "candidate",
                    "character": "",
                    "bad": 0.0,
                    "trials": 50.0,
                    "boundary": 0.1,
                    "alpha": 0.05,
                    "verdict": "pass",
                    "sentence": "error_rate: met",
                    "given": None,
                }
            ],
        },
    }
    decision = msgspec.json.decode(json.dumps(old), type=Judgement).decision

    for language in MessageLanguage:
        assert message(decision.reasons[0], language) == "no traffic for 90 s: holding"
        assert sentence(decision.readings[0], language) == "error_rate: met"
