"""Hosts as the tests of a fleet need them."""

import json
from typing import Any

from infra_specs.fleet.facts import BEGIN, HostFacts, facts_from

GIGABYTE = 2**20
"""In KiB, as a host tells sizes."""


def told(**changes: Any) -> dict[str, Any]:
    """What a good host tells, with changes."""
    return {
        "name": "a", "user": "root", "sudo": "root", "distribution": "debian", "release": "12",
        "title": "Debian GNU/Linux 12 (bookworm)", "processor": "x86_64", "cpus": 2, "memory": 4 * GIGABYTE,
        "memory_free": 3 * GIGABYTE, "swap": 0, "disk": 40 * GIGABYTE, "disk_free": 30 * GIGABYTE,
        "clock": 1_800_000_000, "mtu": 1500, "address": "10.0.0.11", "port": 22, "systemd": True, "ports": [22],
        "firewall": "", "engine": False, "info": None, **changes,
    }  # fmt: skip


def facts(**changes: Any) -> HostFacts:
    """The same, read."""
    return facts_from(BEGIN + json.dumps(told(**changes)))


def engine(version: str = "20.10.24", cluster: str = "", state: str = "", containers: int = 0) -> dict[str, Any]:
    """Changes for a host that has an engine, in this Swarm."""
    swarm = {"LocalNodeState": state or ("active" if cluster else "inactive"), "Cluster": {"ID": cluster}}
    return {"engine": True, "info": {"ServerVersion": version, "Containers": containers, "Swarm": swarm}}
