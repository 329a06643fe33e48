"""A look that takes too long goes on without its run; nothing is looked at twice, and its end is told later."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from flows.engine.looks import Looked, Looks

pytestmark = pytest.mark.pure


class Stacks:
    """Stacks that are looked at; those that hang answer when they are told to."""

    def __init__(self, *hanging: str) -> None:
        self.answers = {name: asyncio.Event() for name in hanging}
        self.begun: list[str] = []
        self.cancelled: list[str] = []

    def look(self, name: str) -> Coroutine[Any, Any, str]:
        return self._look(name)

    async def _look(self, name: str) -> str:
        self.begun.append(name)
        try:
            if answer := self.answers.get(name):
                await answer.wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        return f"{name} looked at"


async def until_begun(stacks: Stacks, looks: int) -> None:
    async with asyncio.timeout(60):
        while len(stacks.begun) < looks:
            await asyncio.sleep(0.001)


async def test_all_that_end_are_told() -> None:
    looked = await Looks[str]().at(["a", "b"], Stacks().look, 60)
    assert looked == Looked(["a looked at", "b looked at"], ())


async def test_one_that_hangs_is_named_and_looked_at_on_and_its_end_is_told_once() -> None:
    looks, stacks = Looks[str](), Stacks("hangs")
    assert await looks.at(["a", "hangs"], stacks.look, 0.05) == Looked(["a looked at"], ("hangs",))
    assert await looks.at(["a", "hangs"], stacks.look, 60) == Looked(["a looked at"], ("hangs",)), (
        "it is not waited for"
    )
    assert stacks.begun == ["a", "hangs", "a"], "never two looks at one stack"
    stacks.answers["hangs"].set()
    await asyncio.sleep(0.01)
    looked = await looks.at(["a"], stacks.look, 60)
    assert sorted(looked.outcomes) == ["a looked at", "hangs looked at"]
    assert await looks.at(["a"], stacks.look, 60) == Looked(["a looked at"], ())


async def test_what_another_run_has_looked_at_is_looked_at_again_while_that_run_waits_for_the_rest() -> None:
    looks, stacks = Looks[str](), Stacks("hangs")
    timer = asyncio.create_task(looks.at(["a", "hangs"], stacks.look, 60))
    await until_begun(stacks, 2)
    assert await looks.at(["a"], stacks.look, 60) == Looked(["a looked at"], ()), "it takes no other run's outcome"
    assert stacks.begun == ["a", "hangs", "a"], "what the first look saw is old"
    stacks.answers["hangs"].set()
    assert await timer == Looked(["a looked at", "hangs looked at"], ())


async def test_a_run_names_no_late_stack_that_it_was_not_asked_for() -> None:
    looks, stacks = Looks[str](), Stacks("hangs")
    assert await looks.at(["hangs"], stacks.look, 0.05) == Looked([], ("hangs",))
    assert await looks.at(["a"], stacks.look, 60) == Looked(["a looked at"], ())
    stacks.answers["hangs"].set()


async def test_a_stack_that_another_run_looks_at_is_looked_at_after_that() -> None:
    looks, stacks = Looks[str](), Stacks("hangs")
    timer = asyncio.create_task(looks.at(["hangs"], stacks.look, 60))
    await until_begun(stacks, 1)
    drift = asyncio.create_task(looks.at(["hangs"], stacks.look, 60))
    await asyncio.sleep(0.01)
    assert stacks.begun == ["hangs"], "never two looks at one stack"
    stacks.answers["hangs"].set()
    assert await timer == await drift == Looked(["hangs looked at"], ())
    assert stacks.begun == ["hangs", "hangs"]


async def test_a_stack_that_another_run_looks_at_for_too_long_is_late_and_looked_at_after_that() -> None:
    looks, stacks = Looks[str](), Stacks("hangs")
    timer = asyncio.create_task(looks.at(["hangs"], stacks.look, 60))
    await until_begun(stacks, 1)
    assert await looks.at(["hangs"], stacks.look, 0.05) == Looked([], ("hangs",))
    stacks.answers["hangs"].set()
    assert await timer == Looked(["hangs looked at"], ())
    await until_begun(stacks, 2)
    await asyncio.sleep(0.01)
    assert await looks.at([], stacks.look, 60) == Looked(["hangs looked at"], ())


async def test_a_run_that_is_cancelled_ends_its_looks() -> None:
    looks, stacks = Looks[str](), Stacks("hangs")
    run = asyncio.create_task(looks.at(["hangs"], stacks.look, 60))
    await asyncio.sleep(0.01)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await asyncio.sleep(0.01)
    assert stacks.cancelled == ["hangs"]
    stacks.answers.clear()
    assert await looks.at(["hangs"], stacks.look, 60) == Looked(["hangs looked at"], ())


async def test_what_is_no_outcome_is_raised_and_forgotten() -> None:
    looks = Looks[str]()

    async def broken(name: str) -> str:
        raise KeyError(name)

    with pytest.raises(KeyError):
        await looks.at(["a"], broken, 60)
    assert await looks.at(["a"], Stacks().look, 60) == Looked(["a looked at"], ())


def test_looks_of_a_loop_that_is_gone_are_forgotten() -> None:
    looks = Looks[str]()

    async def run(*hanging: str) -> Looked[str]:
        return await looks.at(["a"], Stacks(*hanging).look, 0.05)

    assert asyncio.run(run("a")) == Looked([], ("a",))
    assert asyncio.run(run()) == Looked(["a looked at"], ())
