"""The log of a run that nobody will look at is not written; that of every other run is whole, and in its order."""

import asyncio
import logging

import pytest

from tasks.run.held_logs import held_log, keep_log

pytestmark = pytest.mark.pure
logger = logging.getLogger("prefect.flow_runs")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: texts.append(record.getMessage())  # type: ignore[method-assign]
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "level", logging.INFO)
    return texts


def test_what_nobody_keeps_is_gone(written: list[str]) -> None:
    with held_log():
        logger.info("nothing to do")
    logger.info("of another run")
    assert written == ["of another run"]


def test_what_somebody_keeps_is_whole(written: list[str]) -> None:
    with held_log():
        logger.info("looked")
        keep_log()
        logger.info("changed")
    assert written == ["looked", "changed"]


def test_a_warning_lets_all_pass(written: list[str]) -> None:
    with held_log():
        logger.info("looked")
        logger.warning("does not answer")
        logger.info("done")
    assert written == ["looked", "does not answer", "done"]


async def test_runs_side_by_side_hold_their_own(written: list[str]) -> None:
    async def run(name: str, *, changes: bool) -> None:
        with held_log():
            await asyncio.to_thread(logger.info, "%s looked", name)
            await asyncio.sleep(0)
            if changes:
                keep_log()

    await asyncio.gather(run("quiet", changes=False), run("changed", changes=True), run("calm", changes=False))
    assert written == ["changed looked"]


def test_outside_of_a_run_that_is_held_keeping_is_nothing(written: list[str]) -> None:
    keep_log()
    logger.info("at once")
    assert written == ["at once"]
