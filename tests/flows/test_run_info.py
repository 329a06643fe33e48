"""Whether somebody asked for a run: neither a schedule nor drift is anybody."""

from types import SimpleNamespace

import pytest

import flows.engine.run_info
from flows.engine.run_info import is_asked_for
from tasks.run.tags import DRIFT, NOTABLE

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("auto_scheduled", "tags", "asked_for"),
    [
        (False, [], True),
        (False, [NOTABLE], True),
        (True, [], False),
        (False, [DRIFT, "replica/web-0"], False),
        (True, [DRIFT], False),
    ],
)
def test_who_asked(auto_scheduled: bool, tags: list[str], asked_for: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    context = SimpleNamespace(flow_run=SimpleNamespace(auto_scheduled=auto_scheduled, tags=tags))
    monkeypatch.setattr(flows.engine.run_info, "FlowRunContext", SimpleNamespace(get=lambda: context))
    assert is_asked_for() is asked_for


def test_a_flow_that_is_called_without_a_run_was_asked_for() -> None:
    assert is_asked_for()
