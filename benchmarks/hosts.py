"""From three bare hosts to one Swarm: how long, beside the floor (the packages alone, in parallel) and Ansible.

    python -m benchmarks.hosts [--runs 3]

Hosts are containers with systemd, sshd and Python, whose engines are removed before each run. The floor installs the
same packages over the same connections, and does nothing else. Ansible's playbook does the same with its own modules,
without gathering facts, and with pipelining.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.docker.tools import installed, said
from flows.engine.converge import Report
from flows.engine.early import refuse_early
from flows.engine.fleet import on_ready_fleet
from flows.engine.frame import frame, open_ledger
from infra_specs.stackfile.reading.load import stored
from tasks.ssh.connections import Connections, at_once
from tasks.stack.record import snapshot_of
from tests.support.engine import address, connect
from tests.support.engine_lock import alone_on
from tests.support.hosts.bench import HostBench, host_bench
from tests.support.prefect_server import running

BARE = """
sh /etc/tenfold/firewall-remove; systemctl disable --now tenfold-firewall
rm -rf /etc/tenfold /etc/systemd/system/tenfold-firewall.service
docker swarm leave --force; iptables -D INPUT -j CLOSED; iptables -F CLOSED; iptables -X CLOSED
systemctl stop docker.service docker.socket containerd.service
export DEBIAN_FRONTEND=noninteractive
apt-get -qq purge -y docker.io containerd runc iptables unattended-upgrades; apt-get -qq autoremove -y; apt-get clean
rm -rf /etc/docker /var/lib/docker/* /var/lib/apt/lists/* /etc/apt/apt.conf.d/*tenfold* /etc/apt/apt.conf.d/20auto*
"""
PYTHON = "apt-get -qq update && apt-get -qq install -y --no-install-recommends python3 python3-apt"
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - file: {path: /etc/docker, state: directory}
    - copy: {dest: /etc/docker/daemon.json, content: '{"log-driver": "json-file", "log-opts": {"max-size": "10m"}}'}
    - apt: {name: [docker.io, iptables, unattended-upgrades], update_cache: true, install_recommends: false}
    - copy: {dest: /etc/apt/apt.conf.d/20auto-upgrades, content: 'APT::Periodic::Unattended-Upgrade "1";'}
    - systemd: {name: docker, state: started, enabled: true}
    - copy:
        dest: /etc/firewall.v4
        content: |
          *filter
          :CLOSED - [0:0]
          -A CLOSED -i lo -j RETURN
          -A CLOSED -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
          -A CLOSED -p tcp --dport 22 -j RETURN
          {% for host in groups["all"] %}
          -A CLOSED -s {{ host }} -j RETURN
          {% endfor %}
          -A CLOSED -j DROP
          COMMIT
    - shell: iptables-restore --noflush </etc/firewall.v4 && iptables -I INPUT -j CLOSED
    - command: docker swarm init --advertise-addr {{ inventory_hostname }}
      when: inventory_hostname == groups["all"][0]
    - command: docker swarm join-token -q manager
      register: token
      when: inventory_hostname == groups["all"][0]
    - command: >-
        docker swarm join --advertise-addr {{ inventory_hostname }}
        --token {{ hostvars[groups["all"][0]].token.stdout }} {{ groups["all"][0] }}:2377
      when: inventory_hostname != groups["all"][0]
      throttle: 1
"""
FLOOR = """
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update && apt-get -qq install -y --no-install-recommends docker.io iptables unattended-upgrades
"""


@frame
async def bring_up(spec: dict[str, Any]) -> Report:
    """What a provision does before it opens its target."""
    async with open_ledger() as ledger:
        stack = stored(spec)
        await on_ready_fleet(ledger, stack, "provision", partial(refuse_early, ledger, snapshot_of(ledger, stack, "")))
        return Report("shop", "up", (), (), {})


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder, alone_on(address(), print), host_bench(connect(), 3) as bench:
        os.environ["TENFOLD_HOME"] = folder
        with running(Path(folder)), bench.connections(Path(folder)) as connections:
            asyncio.run(_measure(bench, connections, runs))


async def _measure(bench: HostBench, connections: Connections, runs: int) -> None:
    spec = {
        "name": "shop",
        "target": {"provider": "swarm", "hosts": [host.name for host in bench.hosts], "key": bench.key},
        "services": {"web": {"image": "registry.example.com/shop:1", "port": 8000}},
    }
    times: dict[str, list[float]] = {"floor": [], "ansible": [], "bring up": [], "nothing to do": []}
    programs = installed("ansible-core") / "bin"
    await _on_all(connections, PYTHON)
    for _ in range(runs):
        await _on_all(connections, BARE)
        times["floor"].append(await _timed(lambda: _on_all(connections, FLOOR)))
        await _on_all(connections, BARE)
        times["ansible"].append(await _timed(lambda: asyncio.to_thread(_play, bench, programs)))
        await _on_all(connections, BARE)
        times["bring up"].append(await _timed(lambda: bring_up(spec)))
        times["nothing to do"].append(await _timed(lambda: bring_up(spec)))
    for name, seconds in times.items():
        print(f"{name:14} median {statistics.median(seconds):6.2f} s  of {[round(each, 2) for each in seconds]}")


def _play(bench: HostBench, programs: Path) -> None:
    playbook, inventory = bench.folder / "play.yaml", bench.folder / "inventory"
    playbook.write_text(PLAYBOOK)
    inventory.write_text("".join(f"{host.address}\n" for host in bench.hosts))
    env = {"ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_PIPELINING": "True", "LC_ALL": "C.UTF-8",
           "ANSIBLE_HOME": str(bench.folder), "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3"}  # fmt: skip
    said(
        programs / "ansible-playbook", "-u", "root", "--private-key", bench.key, "-i", inventory, playbook,
        folder=bench.folder, **env,
    )  # fmt: skip


async def _on_all(connections: Connections, script: str) -> None:
    await asyncio.to_thread(at_once, connections.hosts, lambda host: connections.to(host).run(script, timeout=600))


async def _timed(work: Callable[[], Awaitable[Any]]) -> float:
    began = time.monotonic()
    await work()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
