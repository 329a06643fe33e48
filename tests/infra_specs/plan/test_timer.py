"""The timer is a safety net where targets tell of drift, and looks as often as usual elsewhere."""

import pytest

from infra_specs.plan.timer import TimedStack, reconcile_interval

pytestmark = pytest.mark.pure

calm = TimedStack(tells=True, settled=True)
silent = TimedStack(tells=False, settled=True)
troubled = TimedStack(tells=True, settled=False)


@pytest.mark.parametrize(
    ("stacks", "usual", "is_given", "seconds"),
    [
        ([], 30, False, 300),
        ([calm], 30, False, 300),
        ([calm] * 50, 30, False, 300),
        ([silent], 30, False, 30),
        ([troubled], 30, False, 30),
        ([calm, silent], 30, False, 30),
        ([calm, troubled], 30, False, 30),
        ([calm], 10, True, 10),
        ([calm], 600, True, 600),
        ([troubled], 600, True, 600),
        ([], 10, True, 10),
        ([calm], 600, False, 600),
    ],
)
def test_interval(stacks: list[TimedStack], usual: float, is_given: bool, seconds: float) -> None:
    assert reconcile_interval(stacks, usual, is_given=is_given) == seconds
