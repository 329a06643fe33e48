"""A teardown whose target shows an old answer: no stack is forgotten, or taken for torn down, that still exists."""

from typing import Any

import pytest

from flows.provision import provision
from flows.teardown import teardown
from infra_specs.resources.instance import Instance
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tests.flows.faults import Faulty, target
from tests.flows.going import done
from tests.flows.shop import addresses, shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]
__all__ = ["target"]  # a fixture


def is_known() -> bool:
    with Ledger.open(settings()) as ledger:
        return ledger.stacks.find("shop") is not None


@pytest.fixture
def hides(target: Faulty, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Kinds that the next answers leave out, one set for each answer; `*` is all of them."""
    answers: list[set[str]] = []
    look = target.observe

    def observe(stack: str) -> tuple[Instance, ...]:
        hidden = answers.pop(0) if answers else set()
        return tuple(seen for seen in look(stack) if not {seen.kind, "*"} & hidden)

    monkeypatch.setattr(target, "observe", observe)
    return answers


@pytest.mark.parametrize("stale", [1, 3])
@pytest.mark.parametrize("delete_data", [False, True])
async def test_an_answer_from_before_the_stack_is_asked_again(
    hides: list[set[str]], home: Any, delete_data: bool, stale: int
) -> None:
    await done(provision, spec=shop(), source="/srv")
    hides.extend([{"*"}] * stale)
    await done(teardown, stack="shop", delete_data=delete_data)
    assert addresses(home) == ([] if delete_data else ["volume/database"])
    assert is_known() is not delete_data


async def test_data_that_an_earlier_teardown_kept_is_not_forgotten(hides: list[set[str]], home: Any) -> None:
    await done(provision, spec=shop(), source="/srv")
    await done(teardown, stack="shop")
    hides.append({"*"})
    await done(teardown, stack="shop", delete_data=True)
    assert (addresses(home), is_known()) == ([], False)


async def test_what_comes_to_light_after_everything_else_is_gone_is_destroyed_too(
    hides: list[set[str]], home: Any
) -> None:
    await done(provision, spec=shop(), source="/srv")
    hides.extend([{"replica"}, {"replica"}])
    await done(teardown, stack="shop", delete_data=True)
    assert (addresses(home), is_known()) == ([], False)


async def test_a_stack_of_which_nothing_is_ever_shown_can_be_deleted(hides: list[set[str]], home: Any) -> None:
    await done(provision, spec=shop(), source="/srv")
    hides.extend([{"*"}] * 100)
    summary = await done(teardown, stack="shop", delete_data=True)
    assert summary.endswith("Looked again: nothing of shop is left")
    assert not is_known()
