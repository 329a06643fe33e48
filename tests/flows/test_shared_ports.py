"""Two stacks share two ports of this machine, and neither costs the other a request once they do."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from flows.provision import provision
from flows.reconcile import reconcile
from flows.teardown import teardown
from tasks.providers.local import LocalProvider
from tests.flows.fetching import leading_here
from tests.flows.going import done
from tests.flows.sharing import HOSTS, asked, files, redirected, spec
from tests.flows.test_https_by_itself import fetch, pebble
from tests.support.certificates import authority
from tests.support.homes import temporary_home
from tests.support.pebble import Pebble, free_port, program
from tests.support.steady_load import steady_load
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import pid

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
__all__ = ["pebble"]  # a fixture
OURS = authority()
ECHO = ["python3", "-S", str(Path(__file__).parents[1] / "support" / "echo.py")]
LOCAL = {"provider": "local"}
FRONT = "front_local"


async def test_the_second_stack_comes_and_goes_and_costs_the_first_no_request(
    tmp_path: Path, record_property: Any
) -> None:
    ports, tls = (free_port(), free_port()), files(tmp_path, OURS)
    shop, blog = (spec(stack, stack, LOCAL, ports, tls[stack], command=ECHO) for stack in HOSTS)
    changed = spec("blog", "blog", LOCAL, ports, tls["blog"], command=ECHO, env={"NAME": "second"})
    with temporary_home() as home:
        provider = LocalProvider(home)
        await done(provision, spec=shop, source=str(tmp_path))
        wait_until(lambda: asked(ports[0], "shop", OURS), "it serves alone")
        assert provider.observe(FRONT) == ()
        await done(provision, spec=blog, source=str(tmp_path))
        for stack, host in HOSTS.items():
            headers = wait_until(lambda: asked(ports[0], stack, OURS, "127.0.0.9"), f"{stack} serves")  # noqa: B023
            assert headers["x-real-ip"] == "127.0.0.9"
            assert redirected(ports[1], host) == (308, f"https://{host}:{ports[0]}/a?b")
        (front,) = provider.observe(FRONT)
        assert front.health.state == "healthy"

        with steady_load(ports[0], HOSTS["shop"], OURS.pem, per_second=100, sockets=4) as met:
            await done(provision, spec=changed, source=str(tmp_path))
            await done(reconcile)
            await done(teardown, stack="blog")
            await done(provision, spec=blog, source=str(tmp_path))
            wait_until(lambda: asked(ports[0], "blog", OURS), "it is back")
            goal = met.answered + 100
            wait_until(lambda: met.answered > goal, "more requests")
        record_property("requests", met.answered)
        print("requests:", met.answered, "echoes:", met.echoed, "failed:", met.failed)
        assert met.failed == []
        assert met.echoed >= 4

        os.kill(pid(home, front), signal.SIGKILL)
        wait_until(lambda: asked(ports[0], "shop", OURS) and asked(ports[0], "blog", OURS), "the front is back")
        provider.destroy(front)
        await done(reconcile)
        wait_until(lambda: asked(ports[0], "shop", OURS) and asked(ports[0], "blog", OURS), "it was made anew")

        await done(teardown, stack="shop", delete_data=True)
        assert asked(ports[0], "blog", OURS)
        await done(teardown, stack="blog", delete_data=True)
        assert provider.observe(FRONT) == ()
        assert not list((home / "stacks").glob("[!.]*")), "nothing is left"


@pytest.mark.skipif(program("pebble") is None, reason="no Pebble: scripts/pebble fetches it")
async def test_the_certificates_of_both_are_fetched_through_the_front(
    pebble: Pebble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ports = (free_port(), pebble.http_port)
    tls = {"email": "ops@example.com", "directory": pebble.directory}
    with temporary_home(), leading_here(monkeypatch, pebble.http_port):
        for stack, host in HOSTS.items():
            given = spec(stack, stack, LOCAL, ports, tls, command=ECHO)
            message = await done(provision, spec=given, source=str(tmp_path))
            assert f"Certificate for {host} until" in message
        for host in HOSTS.values():
            wait_until(lambda: fetch(ports[0], host, pebble.issuer) == 200, f"{host} by HTTPS")  # noqa: B023
            assert redirected(ports[1], host)[0] == 308
        assert pebble.orders() == 2
        for stack in HOSTS:
            await done(teardown, stack=stack, delete_data=True)
