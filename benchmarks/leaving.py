"""A host leaves a fleet of three under load: failed requests, and the seconds until it has left.

    python -m benchmarks.leaving

Two stacks stand on the fleet. Hosts are containers with systemd, sshd and an engine each. The requests go to the hosts
that stay.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.load import load
from flows.provision import provision
from tests.support import images as built
from tests.support.engine import address, connect
from tests.support.engine_lock import alone_on
from tests.support.hosts.bench import HostBench, host_bench
from tests.support.hosts.joined import load_images
from tests.support.prefect_server import running
from tests.support.waiting import wait_until

LOADED = ("tenfold-tiny", "envoyproxy/envoy")
UPDATED = """
printf '#!/bin/sh\\n' >/usr/bin/unattended-upgrade && chmod 755 /usr/bin/unattended-upgrade
echo 'APT::Periodic::Unattended-Upgrade "1";' >/etc/apt/apt.conf.d/20auto-upgrades
"""
"""Security updates are pretended on the hosts: their packages take a minute."""
LEFT = "docker info -f '{{.Swarm.LocalNodeState}}'; docker ps -q; ls /etc/tenfold"
PORTS = {"shop": 8088, "blog": 8089}


def main() -> None:
    """Measure, and print what came of it."""
    client = connect()
    with tempfile.TemporaryDirectory() as folder, alone_on(address(), print), host_bench(client, 3) as bench:
        os.environ["TENFOLD_HOME"] = folder
        images = built.images(client)
        with bench.connections(Path(folder)) as connections:
            for host in bench.hosts:
                connections.to(host).run(UPDATED)
        tags = [tag for name, tag in images.items() if name.rpartition(":")[0] in LOADED]
        load_images(client, bench, Path(folder), tags)
        with running(Path(folder)):
            asyncio.run(_measure(bench, images))


async def _measure(bench: HostBench, images: dict[str, str]) -> None:
    names = [host.name for host in bench.hosts]
    hosts = {"hosts": names, "key": bench.key}
    for spec in (_spec("shop", images, hosts), _spec("blog", images, {"fleet": "shop"})):
        await _provision(spec)
    urls = [f"http://{host}:{port}/" for host in names[:2] for port in PORTS.values()]
    for url in urls:
        wait_until(lambda url=url: _answers(url), f"{url} answers")  # type: ignore[misc]
    began = time.monotonic()
    with load(urls[0], 30) as first, load(urls[1], 30, new=True) as second, load(urls[2], 10, new=True) as third:
        await _provision(_spec("shop", images, {**hosts, "hosts": names[:2]}))
        seconds = time.monotonic() - began
    results = [*first, *second, *third]
    failed, sent = sum(result.failed for result in results), sum(result.sent for result in results)
    print(f"{names[2]} has left after {seconds:.1f} s: {failed} of {sent} requests failed")
    with bench.connections(Path(os.environ["TENFOLD_HOME"])) as connections:
        left = connections.to(bench.hosts[2]).run(LEFT)
        print(f"there is left: {left.text.split()}")


async def _provision(spec: dict[str, Any]) -> None:
    state: Any = await provision(spec=spec, source="/", return_state=True)
    print(f"{spec['name']}: {state.type.value}: {state.message}", flush=True)
    assert state.type.value == "COMPLETED"


def _spec(name: str, images: dict[str, str], target: dict[str, Any]) -> dict[str, Any]:
    web = {
        "image": images["tenfold-tiny:1"],
        "port": 8000,
        "public": True,
        "replicas": 3,
        "health": "/healthz",
        "start": "10m",
    }
    placed = {"provider": "swarm", "images": images, "public_port": PORTS[name], **target}
    return {"name": name, "target": placed, "services": {"web": web}}


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except (URLError, TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    main()
