"""Hosts that a test reaches by SSH, on a network of their own. They can be killed, frozen and cut off."""

import ipaddress
import os
import shutil
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.models.networks import Network
from docker.types import IPAMConfig, IPAMPool

from infra_specs.stackfile.models.hosts import Host
from tasks.ssh.connections import Connections
from tasks.ssh.known_hosts import HostKey
from tests.support.hosts import image
from tests.support.sshd import listens, make_key
from tests.support.waiting import wait_until

LABEL = "tenfold-test.host"
"""On all that a bench makes, so that what a killed run left is found."""
SUBNETS = [ipaddress.ip_network(f"10.231.{number}.0/24") for number in range(0, 250, 10)]
READY = "docker info >/dev/null 2>&1 && systemctl is-system-running --wait"
CLEAN = """
sh /etc/tenfold/firewall-remove; systemctl disable --now tenfold-firewall
rm -rf /etc/tenfold /etc/systemd/system/tenfold-firewall.service
docker swarm leave --force; docker rm -f $(docker ps -aq); docker volume rm -f $(docker volume ls -q)
docker network prune -f; docker system prune -f; iptables -F DOCKER-USER && iptables -A DOCKER-USER -j RETURN
systemctl is-active --quiet docker || systemctl start docker
"""


@dataclass
class HostBench:
    """So many hosts, and a key that logs in to all of them."""

    client: DockerClient
    count: int
    folder: Path
    hosts: list[Host] = field(default_factory=list, init=False)
    _containers: dict[str, Container] = field(default_factory=dict, init=False)
    _network: Network = field(init=False)

    @property
    def key(self) -> str:
        """The private key that logs in: as root, as deploy with a free sudo, and as guest without."""
        return str(self.folder / "login")

    def start(self) -> None:
        """Returns when sshd answers on all of them and their engines run."""
        make_key(Path(self.key), "ed25519")
        tag = image.have(self.client)
        self._network, subnet = self._made_network()
        addresses = list(subnet.hosts())
        for number in range(self.count):
            address = str(addresses[10 + number])
            host_key = self.folder / f"host-{number}"
            make_key(host_key, "ed25519")
            self.hosts.append(Host(address=address))
            self._containers[address] = self._started(tag, number, address, host_key.read_text())
        with self.connections(self.folder) as connections:
            for host in self.hosts:
                wait_until(lambda host=host: listens(host.port, host.address), f"sshd of {host}")  # type: ignore[misc]
                ready = connections.to(host).run(READY, timeout=120)
                assert ready.text.strip() in ("running", "degraded"), f"{host}: {ready}"

    def connections(self, home: Path) -> Connections:
        """Connections to all of them, whose keys are stored in this home. Close it after use."""
        connections = Connections(self.hosts, self.key, home)
        connections.known.store({host.name: self.host_key(number) for number, host in enumerate(self.hosts)})
        return connections

    def host_key(self, number: int) -> HostKey:
        """The key of one host."""
        kind, text = (self.folder / f"host-{number}.pub").read_text().split()[:2]
        return HostKey(kind, b64decode(text))

    def clean(self) -> None:
        """Every host runs, and is as it was at the start: in no Swarm, without a container or a volume."""
        with ThreadPoolExecutor(self.count) as pool:
            list(pool.map(self._clean, self.hosts))

    def _clean(self, host: Host) -> None:
        container = self._containers[host.address]
        container.reload()
        if container.status == "paused":
            container.unpause()
        if container.status == "exited":
            self.power_on(host)
        container.exec_run(["sh", "-c", CLEAN])

    def restart_engines(self) -> None:
        """Every engine starts anew. One that was in a Swarm before may keep that one's keys of the network, and then
        does not hear every other: "No installed keys could decrypt the message" is in its log.
        """
        command = ["sh", "-c", f"systemctl reset-failed docker; systemctl restart docker; {READY}"]
        with ThreadPoolExecutor(self.count) as pool:
            list(pool.map(lambda host: self._containers[host.address].exec_run(command), self.hosts))

    def kill(self, host: Host) -> None:
        """As a machine that loses its power."""
        self._containers[host.address].kill()

    def power_on(self, host: Host) -> None:
        """A host that was killed starts again. Returns when its sshd answers."""
        self._containers[host.address].start()
        wait_until(lambda: listens(host.port, host.address), f"sshd of {host}")

    @contextmanager
    def frozen(self, host: Host) -> Iterator[None]:
        """All of it stands still: connections are accepted by its kernel, and nobody answers."""
        self._containers[host.address].pause()
        try:
            yield
        finally:
            self._containers[host.address].unpause()

    def end(self) -> None:
        """Nothing of them is left."""
        for container in self._containers.values():
            with suppress(NotFound):
                container.remove(force=True, v=True)
        self._network.remove()

    def _started(self, tag: str, number: int, address: str, host_key: str) -> Container:
        api = self.client.api
        settings = api.create_host_config(
            cap_add=["ALL"], cap_drop=["SYS_RESOURCE"], cgroupns="private", device_cgroup_rules=["a *:* rwm"],
            security_opt=["seccomp=unconfined", "apparmor=unconfined"],
            tmpfs={"/run": "exec,mode=755", "/run/lock": ""},
        )  # fmt: skip
        settings |= {"MaskedPaths": [], "ReadonlyPaths": []}  # its own engine mounts over these
        created = api.create_container(
            tag, ["sh", "/entry"], hostname=f"host-{number}", labels={LABEL: str(os.getpid())}, host_config=settings,
            volumes=["/var/lib/docker"], stop_signal="SIGRTMIN+3",
            networking_config=api.create_networking_config(
                {self._network.name: api.create_endpoint_config(ipv4_address=address)}
            ),
            environment={
                "LOGIN_KEY": Path(f"{self.key}.pub").read_text().strip(), "HOST_KEY": host_key.strip(),
                "NAME_SERVER": _name_server(),
            },
        )  # fmt: skip
        api.start(created["Id"])
        return self.client.containers.get(created["Id"])

    def _made_network(self) -> tuple[Network, "ipaddress.IPv4Network | ipaddress.IPv6Network"]:
        """A network of a range that nobody has."""
        name = f"tenfold-test-hosts-{uuid4().hex[:8]}"
        for subnet in SUBNETS:
            pool = IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet))])
            try:
                made = self.client.networks.create(name, ipam=pool, labels={LABEL: str(os.getpid())})
            except APIError:
                continue
            return made, subnet
        raise AssertionError("no range is free for a network of hosts")


@contextmanager
def host_bench(client: DockerClient, count: int) -> Iterator[HostBench]:
    """Hosts for the length of the block. CannotBuild if their image cannot be made."""
    sweep(client)
    folder = Path(tempfile.mkdtemp(prefix="tenfold-bench-"))
    bench = HostBench(client, count, folder)
    try:
        bench.start()
        yield bench
    finally:
        bench.end()
        shutil.rmtree(folder, ignore_errors=True)


def sweep(client: DockerClient) -> None:
    """Remove what a run that was killed left; one run at a time uses an engine."""
    for container in client.containers.list(all=True, filters={"label": LABEL}):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters={"label": LABEL}):
        network.remove()


def _name_server() -> str:
    lines = Path("/etc/resolv.conf").read_text().splitlines()
    return next((line.split()[1] for line in lines if line.startswith("nameserver")), "127.0.0.1")
