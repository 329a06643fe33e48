"""What a look keeps of earlier ones: what is silent is not known, and not gone."""

import pytest

from infra_specs.alerts.facts import Machine
from infra_specs.alerts.stack_look import GONE_SECONDS, StackLook, continued, failed

pytestmark = pytest.mark.pure
NOW = 1_796_126_400.0
FIRST = continued(
    StackLook(NOW, serving={"web": 2, "admin": 0}, needs={"proxy": False, "cache": True},
              machines={"a": Machine(disk=9, disk_free=3), "b": Machine()}),
    None,
)  # fmt: skip


def test_a_failed_look_forgets_nothing_and_knows_nothing() -> None:
    look = failed(NOW + 60, "no answer", FIRST)
    assert (look.at, look.fault, look.serving) == (NOW + 60, "no answer", {})
    assert look.needs == {"proxy": None, "cache": None}
    assert look.machines == {"a": Machine(at=NOW), "b": Machine(at=NOW)}
    assert failed(NOW, "no answer", None) == StackLook(NOW, "no answer")
    assert failed(NOW + 9 * GONE_SECONDS, "no answer", look).machines == look.machines


def test_a_machine_of_which_nothing_is_told_is_gone_after_an_hour() -> None:
    now = StackLook(NOW + 60, machines={"a": Machine(disk=9, disk_free=2)})
    look = continued(now, FIRST)
    assert look.machines == {"a": Machine(disk=9, disk_free=2, at=NOW + 60), "b": Machine(at=NOW)}
    assert set(continued(StackLook(NOW + GONE_SECONDS, machines=now.machines), look).machines) == {"a"}


def test_when_something_served_last_is_known() -> None:
    assert (FIRST.served, FIRST.answered) == ({"web": NOW}, {"cache": NOW})
    look = continued(StackLook(NOW + 60, serving={"web": 0, "admin": 1}, needs={"proxy": True}), FIRST)
    assert look.served == {"web": NOW, "admin": NOW + 60}
    assert look.answered == {"cache": NOW, "proxy": NOW + 60}
    assert failed(NOW + 90, "no answer", look).served == look.served
