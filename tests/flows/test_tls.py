"""HTTPS from a spec: a certificate in files beside it, and files that are renewed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow
from prefect.client.schemas.objects import State, StateType

from flows.provision import provision
from flows.reconcile import reconcile
from infra_specs.certificates.certificate import read
from tasks.providers.local import LocalProvider
from tests.support.certificates import authority
from tests.support.homes import temporary_home
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import app
from tests.tasks.providers.secured import fetch, host, served

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
ours = authority()
SPEC: dict[str, Any] = {
    "name": "secured",
    "target": {"provider": "local"},
    "services": {"web": {"command": ["python3", "-S", str(app)], "port": 80}},
    "tls": {"certificate": "chain.pem", "key": "key.pem"},
}


async def test_a_certificate_is_shown_and_a_renewed_one_is_taken_in_by_the_timer(tmp_path: Path) -> None:
    first = written(tmp_path)
    with temporary_home() as home, stopped(home):
        await ended(StateType.COMPLETED, provision, spec=SPEC, source=str(tmp_path))
        door = proxy(home)
        wait_until(lambda: fetch(door, ours).status_code == 200, "it serves")
        assert served(door) == first
        second = written(tmp_path)
        assert "1 updated" in await ended(StateType.COMPLETED, reconcile, stack="secured")
        assert (proxy(home), served(door)) == (door, second)
        (tmp_path / "key.pem").write_text(ours.issue(host)[1])
        assert "nothing to do" in await ended(StateType.COMPLETED, reconcile, stack="secured")
        assert served(door) == second
        refused = await ended(StateType.FAILED, provision, spec=SPEC, source=str(tmp_path))
        assert refused.startswith("secured: tls.key: it is not the key of this certificate.")


def written(folder: Path) -> int:
    """A new pair in the folder; its serial number."""
    chain, key = ours.issue(host)
    (folder / "chain.pem").write_text(chain)
    (folder / "key.pem").write_text(key)
    return read(chain).serial


async def ended(state: StateType, flow: Flow[..., Any], **parameters: Any) -> str:
    found: State[Any] = await flow(**parameters, return_state=True)  # type: ignore[misc]
    assert found.type is state, found.message
    return found.message or ""


def proxy(home: Path) -> str:
    """The port of the one proxy."""
    (found,) = [instance for instance in LocalProvider(home).observe("secured") if instance.kind == "proxy"]
    return found.outputs["port"]


@contextmanager
def stopped(home: Path) -> Iterator[None]:
    """Nothing of it runs afterwards."""
    try:
        yield
    finally:
        provider = LocalProvider(home)
        for instance in reversed(provider.observe("secured")):
            provider.destroy(instance)
