"""HTTPS by itself on the local target: Pebble signs, the proxy answers, and browsers are led to HTTPS."""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.provision import provision
from flows.reconcile import reconcile
from flows.teardown import teardown
from infra_specs.certificates.certificate import read
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.local import LocalProvider
from tests.flows.fetching import BLOG, SHOP, aged, known, leading_here
from tests.flows.going import done
from tests.support.homes import temporary_home
from tests.support.pebble import Pebble, free_port, program, running_pebble
from tests.support.steady_load import steady_load
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import app

pytestmark = [
    pytest.mark.local,
    pytest.mark.prefect,
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.proof,
    pytest.mark.skipif(program("pebble") is None, reason="no Pebble: scripts/pebble fetches it"),
]

ECHO = Path(__file__).parents[1] / "support" / "echo.py"


@pytest.fixture
def pebble(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pebble]:
    with running_pebble() as authority:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
        yield authority


def spec(pebble: Pebble, public_port: int, *hosts: str) -> dict[str, Any]:
    web = {"command": ["python3", "-S", str(app)], "port": 80, "public": True}
    services = {host.partition(".")[0]: {**web, "route": {"host": host}} for host in hosts}
    return {
        "name": "secured",
        "target": {"provider": "local", "public_port": public_port},
        "services": services,
        "tls": {"email": "ops@example.com", "directory": pebble.directory, "redirect": pebble.http_port},
    }


def plain(port: int, host: str) -> tuple[int, str]:
    """Status and Location over plain HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.headers["Location"] or ""
    finally:
        connection.close()


def fetch(port: int, host: str, root: str) -> int:
    """The status of a GET over HTTPS; the certificate must be good for the host."""
    with httpx.Client(verify=ssl.create_default_context(cadata=root), timeout=60) as client:
        url = f"https://127.0.0.1:{port}/"
        return client.get(url, headers={"Host": host}, extensions={"sni_hostname": host}).status_code


async def test_from_a_provision_to_https_for_each_host_whose_name_leads_here(
    pebble: Pebble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, record_property: Any
) -> None:
    public = free_port()
    with temporary_home() as home, leading_here(monkeypatch, pebble.http_port):
        began = time.monotonic()
        message = await done(provision, spec=spec(pebble, public, SHOP), source=str(tmp_path))
        wait_until(lambda: fetch(public, SHOP, pebble.issuer) == 200, "the first page by HTTPS")
        record_property("seconds to the first page", time.monotonic() - began)
        print("seconds to the first page:", time.monotonic() - began)
        assert f"Certificate for {SHOP} until" in message
        assert plain(pebble.http_port, SHOP) == (308, f"https://{SHOP}:{public}/")
        assert pebble.orders() == known("secured")[SHOP].orders == 1

        message = await done(
            provision, spec=spec(pebble, public, SHOP, BLOG, "other.example.net"), source=str(tmp_path)
        )
        assert "other.example.net has no certificate yet" in message
        assert fetch(public, BLOG, pebble.issuer) == fetch(public, SHOP, pebble.issuer) == 200
        assert plain(pebble.http_port, "other.example.net")[0] == 200
        assert pebble.orders() == 3

        provider = LocalProvider(home)
        (door,) = [instance for instance in provider.observe("secured") if instance.kind == "proxy"]
        assert door.incarnation == 1
        links = {instance.address: instance.outputs["url"] for instance in provider.observe("secured")
                 if instance.kind == "route"}  # fmt: skip
        assert links["route/shop"] == f"https://{SHOP}:{public}/"
        assert links["route/other"].startswith("http://other.example.net:")
        assert (await done(reconcile, stack="secured")).count("updated") == 0
        nothing_holds_a_key(home)
        await done(teardown, stack="secured", delete_data=True)
        assert known("secured") == {}


async def test_renewals_under_load_cost_no_request_and_no_websocket(
    pebble: Pebble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, record_property: Any
) -> None:
    public = free_port()
    served = spec(pebble, public, SHOP)
    served["services"]["shop"]["command"] = ["python3", "-S", str(ECHO)]
    with temporary_home() as home, leading_here(monkeypatch, pebble.http_port):
        await done(provision, spec=served, source=str(tmp_path))
        wait_until(lambda: fetch(public, SHOP, pebble.issuer) == 200, "it serves")
        with steady_load(public, SHOP, pebble.issuer, per_second=200, sockets=10) as met:
            for renewal in (2, 3):
                aged("secured", SHOP)
                assert f"Certificate for {SHOP} until" in await done(reconcile, stack="secured")
                assert known("secured")[SHOP].version == renewal
                assert serial(public, SHOP, pebble.issuer) == stored_serial(home, SHOP, renewal)
            goal = met.answered + 200
            wait_until(lambda: met.answered > goal, "more requests")
        record_property("requests", met.answered)
        print("requests:", met.answered, "echoes:", met.echoed, "failed:", met.failed)
        assert met.failed == []
        assert met.echoed >= 10
        assert pebble.orders() == 3
        await done(teardown, stack="secured", delete_data=True)


def serial(port: int, host: str, root: str) -> int:
    """Of the certificate that is shown."""
    context = ssl.create_default_context(cadata=root)
    with (
        socket.create_connection(("127.0.0.1", port), 60) as plain_socket,
        context.wrap_socket(plain_socket, server_hostname=host) as secure,
    ):
        return int((secure.getpeercert() or {})["serialNumber"], 16)


def stored_serial(home: Path, host: str, version: int) -> int:
    """Of the certificate in the ledger."""
    with Ledger.open(settings()) as ledger:
        return read(str(ledger.secrets.value("secured", f"tls-certificate-{host}", version))).serial


def nothing_holds_a_key(home: Path) -> None:
    """No file but the proxy's own, and the ledger holds only what is encrypted."""
    holding = [
        path
        for path in home.rglob("*")
        if path.is_file() and not path.is_symlink() and b"PRIVATE KEY-----" in path.read_bytes()
    ]
    assert {path.name for path in holding} == {f"certificate-{SHOP}.json", f"certificate-{BLOG}.json"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in holding)
