"""A run asks the ledger once for each thing, and decides from that."""

from collections import Counter
from typing import Any

import pytest

from flows.provision import provision
from flows.reconcile import reconcile
from tasks.ledger.releases import Releases
from tasks.ledger.secrets import Secrets
from tasks.ledger.stacks import Stacks
from tests.flows.going import done
from tests.flows.shop import shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server", "home")]

QUESTIONS: tuple[tuple[type, str], ...] = (
    (Stacks, "find"), (Releases, "active"), (Releases, "all"), (Secrets, "kept"), (Secrets, "versions"),
    (Secrets, "newest"),
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each question was asked."""
    counts = Counter[str]()

    def counted(repository: type, name: str) -> Any:
        question = getattr(repository, name)

        def ask(self: Any, *args: Any) -> Any:
            counts[f"{repository.__name__}.{name}"] += 1
            return question(self, *args)

        return ask

    for repository, name in QUESTIONS:
        monkeypatch.setattr(repository, name, counted(repository, name))
    return counts


async def test_a_provision_without_work_asks_once_for_each_thing(asked: Counter[str]) -> None:
    await done(provision, spec=shop(), source="/srv")
    asked.clear()
    assert (await done(provision, spec=shop(), source="/srv")).startswith("nothing to do")
    assert asked == {"Stacks.find": 1, "Releases.active": 1, "Secrets.kept": 1}


async def test_so_does_a_first_provision_and_a_repair(asked: Counter[str]) -> None:
    await done(provision, spec=shop(), source="/srv")
    assert asked == {"Stacks.find": 1, "Releases.active": 1, "Secrets.kept": 1}
    asked.clear()
    await done(reconcile, stack="shop")
    assert (asked["Releases.active"], asked["Secrets.kept"]) == (1, 1)
