"""Tasks in the background: they end with their owner, and a failure is not silent."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from segue.kernel.background import BackgroundTasks


async def test_tasks_run_until_they_are_closed() -> None:
    tasks, ran = BackgroundTasks(), []

    async def work(name: str) -> None:
        ran.append(name)
        await asyncio.sleep(3600)

    assert not tasks
    tasks.start(work("one"), "one")
    tasks.start(work("two"), "two")
    await asyncio.sleep(0)
    assert tasks
    assert {"one", "two"} <= {task.get_name() for task in asyncio.all_tasks()}

    await tasks.close()
    await tasks.close()

    assert ran == ["one", "two"]
    assert not {"one", "two"} & {task.get_name() for task in asyncio.all_tasks()}


async def test_a_task_that_fails_is_logged_at_once_and_does_not_disturb_the_others() -> None:
    tasks = BackgroundTasks()

    async def fails() -> None:
        raise ValueError("out of cheese")

    with capture_logs() as logs:
        tasks.start(asyncio.sleep(3600), "sleeps")
        tasks.start(fails(), "fails")
        await asyncio.sleep(0.01)
        await tasks.close()

    assert [(line["event"], line["task"], line["log_level"]) for line in logs] == [
        ("background_task_failed", "fails", "error")
    ]
    assert "out of cheese" in str(logs[0]["exc_info"])
