"""Two installations that use one target: neither touches what the other made."""

from pathlib import Path

import pytest

from flows.provision import provision
from flows.teardown import teardown
from tests.flows.faults import Faulty, target
from tests.flows.going import done, failed
from tests.flows.shop import addresses, shop, whole_world

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
__all__ = ["target"]  # a fixture


@pytest.fixture
def other(tmp_path: Path) -> str:
    """The ledger of another installation."""
    return f"sqlite:///{tmp_path}/other.db"


async def test_a_stack_of_another_installation_is_left_alone(
    target: Faulty, home: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await done(provision, spec=shop(), source="/srv")
    before = whole_world(home)
    with monkeypatch.context() as its:
        its.setenv("TENFOLD_LEDGER_URL", other)
        told = await failed(provision, spec=shop(), source="/srv")
        assert told.startswith("There is a stack shop on this target which this installation did not make (cache/main")
        assert "and 6 more" in told
        assert "another name" in told
        assert "shop" in await failed(teardown, stack="shop")
        assert whole_world(home) == before
        await done(provision, spec=shop("blog"), source="/srv")
    assert "nothing to do" in await done(provision, spec=shop(), source="/srv")


async def test_what_was_taken_down_with_its_data_may_be_anybodys(
    target: Faulty, home: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await done(provision, spec=shop(), source="/srv")
    await done(teardown, stack="shop", delete_data=True)
    monkeypatch.setenv("TENFOLD_LEDGER_URL", other)
    await done(provision, spec=shop(), source="/srv")
    assert len(addresses(home)) == 7
