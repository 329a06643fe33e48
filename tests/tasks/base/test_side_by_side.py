"""The same work for several stacks: one that hangs or fails holds up no other."""

import threading
from collections.abc import Callable, Iterator

import pytest

from infra_specs.errors import ChangeFailed, PlanError
from infra_specs.stack_fault import StackFault, paragraph
from tasks.base.side_by_side import AT_ONCE, side_by_side

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


def test_however_many_hang_one_that_is_well_is_served() -> None:
    """They hang until it was served, which is long before the deadline."""
    served = threading.Event()

    def hang() -> str:
        served.wait()
        return "hung"

    def serve() -> str:
        served.set()
        return "fine"

    hung = {f"hung-{number}": hang for number in range(9 * AT_ONCE)}
    found, faults = side_by_side({**hung, "well": serve}, 120.0)
    assert (found["well"], faults) == ("fine", ())


def test_all_share_one_deadline(hanging: Hanging) -> None:
    """One round after the other would take 20 s."""
    ended = threading.Event()

    def look() -> None:
        side_by_side({f"hung-{number}": hanging for number in range(20 * AT_ONCE)}, 1.0)
        ended.set()

    threading.Thread(target=look, daemon=True).start()
    assert ended.wait(10)


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


def test_a_paragraph_names_the_stack_and_keeps_the_lines() -> None:
    assert paragraph("web", ChangeFailed("replica/web-1 failed.\n  its last words")) == (
        "web: replica/web-1 failed.\n  its last words"
    )
    assert paragraph("web", ChangeFailed("web: failed.")) == "web: failed."
    assert paragraph("web", KeyError("web")) == "web: Tenfold failed (KeyError: 'web'). Please report it."
