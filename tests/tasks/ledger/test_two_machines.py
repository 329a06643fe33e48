"""Two machines at one ledger: a process in another namespace of pids cannot be looked for, so its lease decides."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from infra_specs.errors import LockHeld
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner
from tests.support.waiting import wait_until
from tests.tasks.ledger.child import Child

pytestmark = pytest.mark.local

NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc")
RUN = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def far(here: Settings) -> Iterator[Child]:
    """A process on what is another machine to us, with the same ledger open."""
    if not shutil.which("unshare") or subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine makes no namespaces of pids")
    child = Child(NAMESPACE)
    assert child.ask("open", str(here.home), here.ledger_url) == "open"
    yield child
    child.end()


def test_a_run_far_away_lives_as_long_as_its_lease_is_renewed(far: Child, ledger: Ledger) -> None:
    far.ask("live", RUN, 600)
    assert ledger.liveness.alive() == {RUN: True}
    far.ask("renew_life", RUN, 2)
    far.end()
    wait_until(lambda: ledger.liveness.alive() == {RUN: False}, "the lease of the run ended")


def test_a_lock_far_away_holds_until_its_lease_ends(far: Child, ledger: Ledger, me: Owner) -> None:
    assert far.ask("acquire", "shop", 3) == 1
    far.ask("begin")
    with pytest.raises(LockHeld):
        ledger.locks.acquire("shop", me, 600)
    far.end()
    wait_until(lambda: acquired(ledger, me), "the lease of the lock ended")
    assert [run.state for run in ledger.runs.history("shop", 10)] == ["crashed"]


def acquired(ledger: Ledger, me: Owner) -> bool:
    try:
        return ledger.locks.acquire("shop", me, 600).fence == 2
    except LockHeld:
        return False
