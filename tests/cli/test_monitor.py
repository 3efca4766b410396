"""``segue monitor`` and its script: the right verdict on services in every state."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.main import app
from segue.cli.monitor.screen import MonitorScreen
from segue.cli.monitor.sources import METRICS_PATH, SourceOptions, endpoint, source
from segue.ops.monitor.judgement import reported
from support.light import LIGHT
from support.metered import Metered, MetricsEndpoint, exposing, healthy
from support.process import serving
from support.prometheus import scraping
from support.rollouts import chirp3
from support.scripts import command, environment, heeding_ctrl_c, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCRIPT = "monitor_chirp3_rollout.py"
LONG_ENOUGH_S = 30.0


@pytest.fixture
def service() -> Iterator[MetricsEndpoint]:
    with exposing(healthy()) as endpoint:
        yield endpoint


def with_12_percent_errors() -> Metered:
    metered = healthy(1000)
    metered.candidate(0, bad=84)
    return metered


def slow() -> Metered:
    metered = healthy(1000)
    metered.candidate(2000, took_s=11.0)
    return metered


def falling_back_25_percent() -> Metered:
    metered = healthy(1000)
    metered.candidate(250, bad=250)
    return metered


def a_little_slow() -> Metered:
    metered = healthy(1000)
    metered.candidate(2000, took_s=3.0)
    return metered


def value(told: dict[str, Any], metric: str, arm: str = "candidate") -> dict[str, Any]:
    (found,) = [
        one for one in told["measures"] if (one["metric"], one["arm"], one["character"]) == (metric, arm, "")
    ]
    return {"value": found["value"], "verdict": found["verdict"]}


@pytest.mark.parametrize(
    ("metered", "status", "said"),
    [
        (healthy, 0, "healthy"),
        (a_little_slow, 1, "warning"),
        (with_12_percent_errors, 2, "alert"),
        (slow, 2, "alert"),
        (falling_back_25_percent, 2, "alert"),
        (Metered, 1, "no data"),
    ],
)
def test_the_script_says_how_the_service_does(
    service: MetricsEndpoint, metered: Callable[[], Metered], status: int, said: str
) -> None:
    service.metered = metered()
    done = run(SCRIPT, "--url", service.url, "--exit-code")

    assert (done.returncode, done.stderr) == (status, "")
    assert f"UTC: {said}. Totals since the service's start" in done.stdout


def test_the_numbers_are_exact(service: MetricsEndpoint) -> None:
    service.metered = Metered()
    service.metered.baseline(1000, took_s=1.0)
    service.metered.candidate(750, bad=250, took_s=1.5)
    done = run(SCRIPT, "--url", service.url)
    lines = [[cell.strip() for cell in line.split("│")] for line in done.stdout.splitlines()]
    rows = {tuple(cells[1:3]): cells[3:-1] for cells in lines if len(cells) == 9}

    assert done.returncode == exits.OK, "without --exit-code only an unreadable endpoint is a failure"
    assert rows["chirp3-hd (candidate)", "success rate"] == ["75 %", "> 95 %", "< 90 %", "1000", "alert"]
    assert rows["chirp3-hd (candidate)", "fallback rate"] == ["25 %", "< 5 %", "> 20 %", "1000", "alert"]
    assert rows["all models", "mean synthesis time"] == ["1.25 s", "< 2 s", "> 5 s", "2000", "met"]
    assert "│ chirp3-hd │ 37.5 %" in done.stdout
    assert "│ wavenet   │ 62.5 %" in done.stdout


def test_an_endpoint_that_is_not_there_cannot_be_read() -> None:
    done = run(SCRIPT, "--url", "http://127.0.0.1:9/metrics")

    assert done.returncode == exits.UNREACHABLE
    assert "no metrics could be read" in done.stdout
    assert "http://127.0.0.1:9/metrics: the endpoint does not answer" in done.stdout


@pytest.mark.parametrize("instead", [(502, "bad gateway"), (200, "<html>hello</html>"), (404, "")])
def test_what_answers_instead_of_metrics_is_told(service: MetricsEndpoint, instead: tuple[int, str]) -> None:
    service.instead = instead
    done = run(SCRIPT, "--url", service.url, "--exit-code")

    assert done.returncode == exits.UNREACHABLE
    assert ("the endpoint answered" in done.stdout) or ("is not in a metrics format" in done.stdout)


@pytest.mark.parametrize("variable", ["METRICS_URL", "SEGUE_URL"])
def test_the_environment_may_name_the_endpoint(service: MetricsEndpoint, variable: str) -> None:
    done = run(SCRIPT, "--exit-code", variables={variable: service.url})

    assert done.returncode == exits.OK, done.stderr


def test_help_names_the_default_and_every_option_of_the_contract() -> None:
    text = run(SCRIPT, "--help").stdout

    for word in ("--url", "--watch", "--interval", "METRICS_URL"):
        assert word in text


def test_a_services_address_alone_is_enough() -> None:
    assert endpoint("http://host:8000") == f"http://host:8000{METRICS_PATH}"
    assert endpoint("http://host:8000/") == f"http://host:8000{METRICS_PATH}"
    assert endpoint("http://host/metrics?x=1") == "http://host/metrics?x=1"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/metrics", "http://", "http://[x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    done = CliRunner().invoke(app, ["monitor", "--url", url])

    assert done.exit_code == exits.USAGE
    assert "invalid URL" in done.stderr


def test_an_interval_asks_for_what_happened_within_it(service: MetricsEndpoint) -> None:
    """The totals are bad; in the interval nobody was there."""
    service.metered = with_12_percent_errors()
    done = CliRunner().invoke(app, ["monitor", "--url", service.url, "--interval", "0.2", "--format", "json"])
    told = json.loads(done.stdout)

    assert told["since_boot"] is False
    assert told["window_s"] == pytest.approx(0.2, abs=0.3)
    assert told["health"] == "no data"
    assert value(told, "error_rate")["value"] is None


def test_json_and_markdown_are_for_programs_and_pages(service: MetricsEndpoint) -> None:
    told = json.loads(CliRunner().invoke(app, ["monitor", "--url", service.url, "--format", "json"]).stdout)
    text = CliRunner().invoke(app, ["monitor", "--url", service.url, "--format", "markdown"]).stdout

    assert (told["health"], told["since_boot"]) == ("healthy", True)
    assert value(told, "success_rate") == {"value": 1.0, "verdict": "met"}
    assert "| chirp3-hd (candidate) | success rate | 100 % |" in text


def test_several_replicas_are_one_service(service: MetricsEndpoint) -> None:
    with exposing(falling_back_25_percent()) as other:
        words = ["monitor", "--url", service.url, "--url", other.url, "--format", "json"]
        told = json.loads(CliRunner().invoke(app, words).stdout)

    assert sum(told["requests"].values()) == 2500
    assert value(told, "fallback_rate")["value"] == pytest.approx(250 / 1500)
    assert [replica["readable"] for replica in told["replicas"]] == [True, True]


def test_one_replica_that_is_away_is_a_warning(service: MetricsEndpoint) -> None:
    words = ["monitor", "--url", service.url, "--url", "http://127.0.0.1:9/metrics", "--exit-code"]
    done = CliRunner().invoke(app, words)

    assert done.exit_code == 1
    assert "warning" in done.stdout


def test_another_plans_gates_may_be_applied(service: MetricsEndpoint, tmp_path: Path) -> None:
    plan = tmp_path / "strict.yaml"
    plan.write_text(
        "version: 1\nname: strict\nstages: [{name: all, share: 100%, hold: 1h}]\n"
        'gates: {mean_synthesis: {target: "< 0.35s", roll_back: "> 0.35s"}}\n',
        "utf-8",
    )
    done = CliRunner().invoke(app, ["monitor", "--url", service.url, "--plan", str(plan), "--exit-code"])

    assert done.exit_code == 2
    assert "Compared with the gates of strict" in done.stdout


def test_a_plan_with_faults_is_refused(service: MetricsEndpoint, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("version: 1\n", "utf-8")
    done = CliRunner().invoke(app, ["monitor", "--url", service.url, "--plan", str(tmp_path / "x.yaml")])

    assert done.exit_code == exits.USAGE


def test_every_report_is_a_line_of_the_log(service: MetricsEndpoint, tmp_path: Path) -> None:
    log = tmp_path / "monitor.jsonl"
    for _ in range(2):
        CliRunner().invoke(app, ["monitor", "--url", service.url, "--log", str(log)])
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]

    assert [line["health"] for line in lines] == ["healthy", "healthy"]


def test_a_log_that_cannot_be_written_is_named(service: MetricsEndpoint, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["monitor", "--url", service.url, "--log", str(tmp_path)])

    assert done.exit_code == exits.FAILED
    assert f"cannot write {tmp_path}" in done.stderr


def test_a_password_in_an_address_is_not_repeated(service: MetricsEndpoint) -> None:
    url = service.url.replace("http://", "http://ann:secret@")
    done = CliRunner().invoke(app, ["monitor", "--url", url, "--format", "json"])

    assert "secret" not in done.stdout
    assert json.loads(done.stdout)["health"] == "healthy"


class Watching:
    """``--watch`` in a pipe, as a process: a line of JSON for each look."""

    def __init__(self, *urls: str) -> None:
        named = [word for url in urls for word in ("--url", url)]
        with heeding_ctrl_c():
            self._process = subprocess.Popen(
                command(SCRIPT, *named, "--watch", "--interval", "0.2", "--format", "json", "--exit-code"),
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        self._limit = threading.Timer(LONG_ENOUGH_S, self._process.kill)
        self._limit.start()

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first report that is as wanted."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told: dict[str, Any] = json.loads(line)
            if wanted(told):
                return told
        raise AssertionError(f"it ended first: {self._process.communicate()[1]}")

    def interrupted(self) -> tuple[int, str]:
        self._process.send_signal(signal.SIGINT)
        _, complaint = self._process.communicate()
        self._limit.cancel()
        return self._process.returncode, complaint


def test_watching_goes_on_over_a_restart_an_absence_and_until_ctrl_c() -> None:
    with exposing(with_12_percent_errors()) as service:
        port = int(service.url.rsplit(":", 1)[1].split("/")[0])
        watching = Watching(service.url)
        first = watching.until(lambda _: True)
        quiet = watching.until(lambda told: not told["since_boot"])
        service.metered.candidate(300, bad=100)
        bad = watching.until(lambda told: told["requests_per_s"] > 0)
        service.metered = healthy(600)
        restarted = watching.until(lambda told: told["restarted"])
    gone = watching.until(lambda told: told["health"] == "unreadable")
    with exposing(healthy(700), port=port):
        back = watching.until(lambda told: told["health"] != "unreadable")
        status, complaint = watching.interrupted()

    assert first["since_boot"]
    assert first["health"] == "alert"
    assert quiet["health"] == "no data", "what went wrong before is not what goes wrong now"
    assert (bad["health"], value(bad, "fallback_rate")["value"]) == ("alert", 0.25)
    assert (restarted["health"], sum(restarted["requests"].values())) == ("healthy", 600)
    assert gone["measures"] == []
    assert back["restarted"]
    assert sum(back["requests"].values()) == 700
    assert complaint == ""
    assert status in (0, 1), "the last look was healthy, or saw nobody"


def test_watching_in_a_pipe_says_a_line_for_each_look(service: MetricsEndpoint) -> None:
    written = io.StringIO()
    asyncio.run(_looks(service, MonitorScreen(Console(file=written, width=160), "table"), count=2))
    lines = written.getvalue().splitlines()

    assert "healthy. Totals since the service's start" in lines[0]
    assert "no data. The last" in lines[1]


def test_at_a_terminal_a_screen_shows_the_trend(service: MetricsEndpoint) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=160, height=60, color_system=None)
    with MonitorScreen(console, "table") as screen:
        asyncio.run(_looks(service, screen, count=4, between=lambda: service.metered.candidate(60)))

    assert "trend" in written.getvalue()
    assert "▅▅▅" in written.getvalue()


async def _looks(
    service: MetricsEndpoint, screen: MonitorScreen, count: int, between: Callable[[], None] = lambda: None
) -> None:
    async with source(SourceOptions([service.url]), 60.0) as found:
        for _ in range(count):
            screen.show(reported(await found.look(), chirp3()))
            between()


def test_a_real_service_that_falls_back_is_an_alert(tmp_path: Path) -> None:
    profile = tmp_path / "light.yaml"
    profile.write_text(LIGHT.replace("{engine: espeak, model: second}", "{engine: piper, model: second}"), "utf-8")
    profile.write_text(profile.read_text("utf-8").replace("en-gb", "en_US-joe-medium"), "utf-8")
    settings = {"SEGUE_PROFILE": str(profile), "SEGUE_BREAKER_FAILURES": "0", "CHIRP3_ROLLOUT_PERCENTAGE": "100"}
    with serving(tmp_path, **settings) as server:
        server.breaks("piper", {"kind": "unavailable"})
        for number in range(60):
            assert server.say(f"Line {number}.", user_id=f"u{number}")["voice_model"] == "first"
        done = run(SCRIPT, "--url", server.url, "--exit-code")

    assert done.returncode == 2, done.stderr
    assert "second (candidate) │ fallback rate       │ 100 %" in done.stdout


@pytest.mark.services
@pytest.mark.timeout(120)
def test_a_prometheus_server_tells_the_same(tmp_path: Path) -> None:
    metered = healthy(1000)
    with exposing(metered) as service:
        target = service.url.removeprefix("http://").removesuffix("/metrics")
        with scraping(tmp_path / "prometheus", target, every="200ms", path="/metrics") as prometheus:
            for _ in range(40):
                assert service.asked.acquire(timeout=LONG_ENOUGH_S)
            metered.candidate(600, bad=200)
            for _ in range(10):
                assert service.asked.acquire(timeout=LONG_ENOUGH_S)
            words = ["monitor", "--prometheus", prometheus, "--selector", 'job="segue"', "--interval", "5"]
            told = json.loads(CliRunner().invoke(app, [*words, "--format", "json"]).stdout)

    assert told["window_s"] == 5
    assert value(told, "fallback_rate")["value"] == pytest.approx(0.25, abs=0.02), "Prometheus extrapolates"
    assert (told["health"], told["candidate_share_ratios"]) == ("alert", [0.5])
    assert told["requests"]["served_by_fallback"] == 200, "the first count of a new series is not lost"


def test_a_prometheus_server_that_is_none_cannot_be_read(service: MetricsEndpoint) -> None:
    for url in (service.url, "http://127.0.0.1:9"):
        done = CliRunner().invoke(app, ["monitor", "--prometheus", url])

        assert done.exit_code == exits.UNREACHABLE
