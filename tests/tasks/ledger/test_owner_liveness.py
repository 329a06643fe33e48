"""Whether an owner still runs: yes, no, or not to be seen from here."""

import subprocess
import sys
from dataclasses import replace

from tasks.ledger import Owner
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.supervisor.identity import identify


def test_this_process_is_alive(me: Owner) -> None:
    assert owner_is_alive(me) is True


def test_a_pid_that_another_has_now_is_gone(gone: Owner) -> None:
    assert owner_is_alive(gone) is False


def test_one_that_ended_is_gone_reaped_or_not(me: Owner) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = identify(process.pid)
    assert identity is not None
    owner = replace(me, pid=process.pid, started=identity.started)
    assert owner_is_alive(owner) is True
    process.kill()
    while identify(process.pid) is not None:
        pass  # it is dying; nobody has reaped it
    assert owner_is_alive(owner) is False
    process.communicate()
    assert owner_is_alive(owner) is False


def test_elsewhere_cannot_be_seen(me: Owner) -> None:
    assert owner_is_alive(replace(me, boot="another")) is None
    assert owner_is_alive(replace(me, namespace="pid:[1]")) is None
    assert owner_is_alive(replace(me, started=None, boot=None)) is None


def test_an_owner_is_named_with_all_that_finds_it(me: Owner) -> None:
    assert str(replace(me, who="ann", host="one", pid=7)) == "provision (ann on one, pid 7)"
    assert str(replace(me, who="ann", host="one", pid=7, flow_run_id="f-1")).endswith("pid 7, flow run f-1)")
