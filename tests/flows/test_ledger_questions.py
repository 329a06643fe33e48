"""A run asks the ledger once for each thing, and decides from that."""

from collections import Counter
from typing import Any

import pytest

from flows.provision import provision
from flows.reconcile import reconcile
from tasks.ledger import Ledger
from tests.flows.going import done
from tests.flows.shop import shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server", "home")]

QUESTIONS = ("stack_record", "active_releases", "releases", "secret_kept", "secret_versions", "secret_list")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each question was asked."""
    counts = Counter[str]()

    def counted(name: str) -> Any:
        question = getattr(Ledger, name)

        def ask(self: Ledger, *args: Any) -> Any:
            counts[name] += 1
            return question(self, *args)

        return ask

    for name in QUESTIONS:
        monkeypatch.setattr(Ledger, name, counted(name))
    return counts


async def test_a_provision_without_work_asks_once_for_each_thing(asked: Counter[str]) -> None:
    await done(provision, spec=shop(), source="/srv")
    asked.clear()
    assert (await done(provision, spec=shop(), source="/srv")).startswith("nothing to do")
    assert asked == {"stack_record": 1, "active_releases": 1, "secret_kept": 1}


async def test_so_does_a_first_provision_and_a_repair(asked: Counter[str]) -> None:
    await done(provision, spec=shop(), source="/srv")
    assert asked == {"stack_record": 1, "active_releases": 1, "secret_kept": 1}
    asked.clear()
    await done(reconcile, stack="shop")
    assert (asked["active_releases"], asked["secret_kept"]) == (1, 1)
