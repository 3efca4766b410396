"""Two engines on one arm: whose voice says a text, under which key, behind which bulkhead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.assign import Routing
from segue.kernel.ports.recorder import BulkheadName
from segue.speech.core.speech import AudioFormat, SpeechRequest
from segue.speech.service.current import Current
from segue.speech.service.router import Router
from segue.testing.engine import ScriptedEngine
from segue.wiring.fingerprint import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from segue.speech.core.catalogue import Catalogue

OLD = """
version: 1
profile: old
language: en-US
default_character: guide
arms:
  baseline: {engine: calm, model: calm}
  candidate: {engine: bold, model: bold}
characters:
  guide: {name: Guide, baseline: [en-US, cmn-TW], candidate: en-US}
"""
ENGINES = {name: ScriptedEngine(kind) for name, kind in {"calm": "calm", "bold": "bold", "own": "calm"}.items()}


def catalogue_of(folder: Path, content: str) -> Catalogue:
    path = folder / "catalogue.yaml"
    path.write_text(content, encoding="utf-8")
    return read_catalogue(str(path))[0]


def router_of(folder: Path, content: str) -> Router:
    return Router(catalogue_of(folder, content), ENGINES, Current(Routing(enabled=True)))


def asked(text: str, arm: Arm = Arm.BASELINE) -> SpeechRequest:
    return SpeechRequest(text, "guide", Unit("ann", UnitSource.USER), "r", "test", AudioFormat(), forced_arm=arm)


def test_each_language_may_have_an_engine_of_its_own_on_one_arm(tmp_path: Path) -> None:
    router = router_of(tmp_path, OLD.replace("[en-US, cmn-TW]", "[en-US, {engine: bold, voice: cmn-TW}]"))
    english, chinese = (router.route(asked(text)).rendition.render_plan for text in ("Hello there.", "你好。"))

    assert (english.arm, english.model, english.bulkhead.engine) == (Arm.BASELINE, "calm", "calm")
    assert (chinese.arm, chinese.model, chinese.bulkhead.engine) == (Arm.BASELINE, "calm", "bold")
    assert (english.other_engine, chinese.other_engine) == ("", "bold")


def test_an_engine_of_the_arm_and_the_same_named_by_the_delivery_are_one(tmp_path: Path) -> None:
    plain = router_of(tmp_path, OLD).route(asked("Hello there."))
    named = router_of(tmp_path, OLD.replace("[en-US,", "[{engine: calm, voice: en-US},")).route(
        asked("Hello there.")
    )

    assert named.rendition == plain.rendition
    assert plain.rendition.render_plan.manner.engine == "calm"
    assert plain.rendition.render_plan.bulkhead == BulkheadName("calm", "babble")


def test_a_voice_of_one_engine_has_one_key_whichever_arm_it_is_on(tmp_path: Path) -> None:
    router = router_of(tmp_path, OLD.replace("candidate: en-US}", "candidate: {engine: calm, voice: en-US}}"))

    assert router.route(asked("Hello there.")).rendition.key == (
        router.route(asked("Hello there.", Arm.CANDIDATE)).rendition.key
    )


def test_an_engine_under_a_name_of_its_own_shares_neither_key_nor_bulkhead(tmp_path: Path) -> None:
    content = OLD.replace("candidate: en-US}", "candidate: {engine: own, voice: en-US}}")
    router = router_of(tmp_path, content + "engines: {own: {use: calm}}\n")
    plain = router.route(asked("Hello there.")).rendition
    own = router.route(asked("Hello there.", Arm.CANDIDATE)).rendition

    assert own.key != plain.key
    assert own.render_plan.manner.engine == "calm/own"
    assert own.render_plan.bulkhead == BulkheadName("own", "babble")


def test_what_an_engine_says_of_its_voices_later_counts_on_whichever_arm_it_is(tmp_path: Path) -> None:
    engines = {name: ScriptedEngine(name) for name in ("calm", "bold")}
    content = OLD.replace("[en-US, cmn-TW]", "[en-US, {engine: bold, voice: cmn-TW}]")
    router = Router(catalogue_of(tmp_path, content), engines, Current(Routing(enabled=True)))
    before = router.route(asked("你好。")).rendition
    assert router.route(asked("你好。")).rendition is before

    engines["bold"].voices_revision += 1

    assert router.route(asked("你好。")).rendition is not before


@pytest.mark.parametrize(
    ("right", "other"),
    [
        ("[en-US, cmn-TW]", "[en-US, {engine: bold, voice: cmn-TW}]"),
        ("candidate: en-US}", "candidate: {engine: calm, voice: en-US}}"),
        ("candidate: {engine: bold,", "candidate: {engine: own,"),
    ],
    ids=["a delivery", "the only delivery", "a name of its own"],
)
def test_evidence_of_other_engines_is_none_of_these(tmp_path: Path, right: str, other: str) -> None:
    plain = fingerprint(catalogue_of(tmp_path, OLD), ENGINES)
    changed = OLD.replace(right, other) + "engines: {own: {use: bold}}\n"

    assert fingerprint(catalogue_of(tmp_path, changed), ENGINES) != plain
    assert fingerprint(catalogue_of(tmp_path, OLD + "engines: {own: {use: bold}}\n"), ENGINES) == plain
