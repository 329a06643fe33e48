"""From three bare hosts to one Swarm: how long, beside the floor (the packages alone, in parallel); and nothing to do.

    python -m benchmarks.hosts [--runs 3]

Hosts are containers with systemd and sshd, whose engines are removed before each run. The floor installs the same
packages over the same connections, and does nothing else.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import docker

from flows.engine.converge import Report
from flows.engine.fleet import on_ready_fleet
from flows.engine.frame import frame, open_ledger
from infra_specs.stackfile.reading.load import stored
from tasks.ssh.connections import Connections, at_once
from tests.support.hosts.bench import HostBench, host_bench
from tests.support.prefect_server import running

BARE = """
sh /etc/tenfold/firewall-remove; systemctl disable --now tenfold-firewall
rm -rf /etc/tenfold /etc/systemd/system/tenfold-firewall.service
docker swarm leave --force
systemctl stop docker.service docker.socket containerd.service
export DEBIAN_FRONTEND=noninteractive
apt-get -qq purge -y docker.io containerd runc iptables unattended-upgrades; apt-get -qq autoremove -y; apt-get clean
rm -rf /etc/docker /var/lib/docker/* /var/lib/apt/lists/* /etc/apt/apt.conf.d/*tenfold* /etc/apt/apt.conf.d/20auto*
"""
FLOOR = """
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update && apt-get -qq install -y --no-install-recommends docker.io iptables unattended-upgrades
"""


@frame
async def bring_up(spec: dict[str, Any]) -> Report:
    """What a provision does before it opens its target."""
    async with open_ledger() as ledger:
        await on_ready_fleet(ledger, stored(spec), "provision")
        return Report("shop", "up", (), (), {})


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder, host_bench(docker.from_env(), 3) as bench:
        os.environ["TENFOLD_HOME"] = folder
        with running(Path(folder)), bench.connections(Path(folder)) as connections:
            asyncio.run(_measure(bench, connections, runs))


async def _measure(bench: HostBench, connections: Connections, runs: int) -> None:
    spec = {
        "name": "shop",
        "target": {"provider": "swarm", "hosts": [host.name for host in bench.hosts], "key": bench.key},
        "services": {"web": {"image": "registry.example.com/shop:1", "port": 8000}},
    }
    times: dict[str, list[float]] = {"floor": [], "bring up": [], "nothing to do": []}
    for _ in range(runs):
        await _on_all(connections, BARE)
        times["floor"].append(await _timed(lambda: _on_all(connections, FLOOR)))
        await _on_all(connections, BARE)
        times["bring up"].append(await _timed(lambda: bring_up(spec)))
        times["nothing to do"].append(await _timed(lambda: bring_up(spec)))
    for name, seconds in times.items():
        print(f"{name:14} median {statistics.median(seconds):6.2f} s  of {[round(each, 2) for each in seconds]}")


async def _on_all(connections: Connections, script: str) -> None:
    await asyncio.to_thread(at_once, connections.hosts, lambda host: connections.to(host).run(script, timeout=600))


async def _timed(work: Callable[[], Awaitable[Any]]) -> float:
    began = time.monotonic()
    await work()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
