"""The same work for several stacks: one that hangs or fails holds up no other."""

import threading
from collections.abc import Callable, Iterator

import pytest

from infra_specs.errors import PlanError
from infra_specs.stack_fault import StackFault
from tasks.side_by_side import AT_ONCE, side_by_side

pytestmark = pytest.mark.pure
Hanging = Callable[[], str]


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """A job that hangs until the test is over."""
    over = threading.Event()

    def hang() -> str:
        over.wait()
        return "too late"

    yield hang
    over.set()


def fails(error: Exception) -> Hanging:
    def job() -> str:
        raise error

    return job


def test_what_each_returned_in_order() -> None:
    found, faults = side_by_side({name: name.upper for name in ("c", "a", "b")})
    assert (list(found.items()), faults) == ([("c", "C"), ("a", "A"), ("b", "B")], ())
    assert side_by_side({}) == ({}, ())


def test_one_that_hangs_is_a_fault_and_the_others_are_done(hanging: Hanging) -> None:
    found, faults = side_by_side({"hung": hanging, "well": lambda: "fine"}, 0.5)
    assert found == {"well": "fine"}
    assert [str(fault) for fault in faults] == ["hung: no answer within 0.5 s."]


def test_many_that_hang_take_no_place_for_good(hanging: Hanging) -> None:
    hung = {f"hung-{number}": hanging for number in range(AT_ONCE + 3)}
    found, faults = side_by_side({**hung, "well": lambda: "fine"}, 0.3)
    assert found == {"well": "fine"}
    assert [fault.stack for fault in faults] == list(hung)


def test_one_that_fails_is_a_fault_on_one_line() -> None:
    jobs = {"a": fails(PlanError("a: no room.\nMake room.")), "b": lambda: "fine", "c": fails(KeyError("x"))}
    found, faults = side_by_side(jobs)
    assert found == {"b": "fine"}
    assert [str(fault) for fault in faults] == [
        "a: no room. Make room.", "c: Tenfold failed (KeyError: 'x'). Please report it.",
    ]  # fmt: skip


def test_a_name_is_told_once() -> None:
    assert str(StackFault.of("shop", PlanError("shop: no."))) == "shop: no."
    assert str(StackFault.of("shop", PlanError("No."))) == "shop: No."
