"""A small world for the local target's tests: resources with every setting, and ways to wait, ask and look."""

import http.client
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from infra_specs.catalogue.web import CLIENT_SETTINGS
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource, SecretRef, Setting
from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import stack_accounts
from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.routes import route, stack  # noqa: F401 - a world gives both to its tests

app = Path(__file__).parents[3] / "support" / "app.py"
patience = 60.0


@contextmanager
def opened(below: Path | None = None) -> Iterator[LocalProvider]:
    """A provider with a home of its own, ended afterwards. It lies below no closed folder, as pytest's own do."""
    home = Path(tempfile.mkdtemp(prefix="tenfold-", dir=below))
    provider = LocalProvider(home)
    try:
        yield provider
    finally:
        for path in (home / "stacks").glob("[!.]*"):
            Supervisor.start(path / "supervisor").shutdown()
            stack_accounts.remove(home, path.name)
        shutil.rmtree(home)


def volume(stack: str = stack) -> Resource:
    return Resource(stack, "volume/database", "volume", {"size": 2**30}, mutable=("size",), stateful=True)


def database(path: str, password: str = "it's a secret", version: int = 1, stack: str = stack) -> Resource:
    """As the road makes it: the secret's version is in the fingerprint, its value in the settings."""
    settings: dict[str, Setting] = {
        "engine": "postgres",
        "volume": path,
        "user": "app",
        "name": "app",
        "password": SecretRef("database-password", version),
        "memory": 2**28,
        "connections": 20,
        "tuning": {"shared_buffers": "32MB", "work_mem": "4MB"},
    }
    return Resource(stack, "database/main", "database", settings, singleton=True).resolved(lambda _: password)


def cache(password: str = "geheim \"'#\\ ü", stack: str = stack) -> Resource:
    settings: dict[str, Setting] = {"engine": "valkey", "password": SecretRef("cache-password"), "memory": 2**25}
    return Resource(stack, "cache/main", "cache", settings, singleton=True).resolved(lambda _: password)


def queue(path: str, password: str = "geheim \"'#\\ ü", stack: str = stack) -> Resource:
    settings: dict[str, Setting] = {
        "engine": "valkey",
        "password": SecretRef("queue-password"),
        "memory": 2**25,
        "volume": path,
    }
    return Resource(stack, "queue/main", "queue", settings, singleton=True).resolved(lambda _: password)


def proxy(*, public: bool = False, port: int | None = None, stack: str = stack) -> Resource:
    settings: dict[str, Setting] = {"port": port, "public_port": None, "public": public}
    return Resource(stack, "proxy/main", "proxy", settings, mutable=("public", "public_port"), singleton=True)


def trusting(*networks: str, upload: float = 3600.0) -> Resource:
    """A proxy that believes these networks, and waits so long for a client's whole request."""
    plain = proxy()
    settings = {**plain.settings, "trust_proxies": list(networks), "upload_timeout": upload}
    return replace(plain, settings=settings, mutable=(*plain.mutable, *CLIENT_SETTINGS), digests={})


def replica(slot: int = 0, service: str = "web", stack: str = stack, **changed: Any) -> Resource:
    """The tiny app: a replica that serves."""
    settings: dict[str, Setting] = {
        "service": service,
        "slot": slot,
        "command": ["python3", "-S", str(app)],
        "image": None,
        "folder": "/",
        "env": {"NAME": f"{service}-{slot}"},
        "serves": True,
        "health": "/healthz",
        **changed,
    }
    return Resource(stack, f"replica/{service}-{slot}", "replica", settings, drain_seconds=5.0)


def made(provider: LocalProvider, resource: Resource) -> Instance:
    """Created, and well."""
    instance = provider.create(resource)
    return wait_healthy(provider, instance)


def pid(home: Path, instance: Instance, after: int = 0) -> int:
    """Its process, once there is one that is not the one `after` which is asked."""
    supervisor = Supervisor.find(home / "stacks" / instance.stack / "supervisor")
    assert supervisor is not None

    def another() -> int | None:
        status = supervisor.get(f"{instance.address}#{instance.incarnation}")
        return status.pid if status and status.pid != after else None

    found: int = wait_until(another, f"{instance} runs")
    return found


def dsn(instance: Instance, password: str = "it's a secret") -> str:
    return psycopg.conninfo.make_conninfo(
        host=instance.outputs["host"], port=instance.outputs["port"], user="app", dbname="app", password=password
    )


def get(url_or_port: str, path: str = "/", host: str = "", method: str = "GET") -> tuple[int, str]:
    """Status and body of one request to a port on loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", int(url_or_port), timeout=patience)
    try:
        connection.request(method, path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def listening() -> dict[int, set[tuple[str, int]]]:
    """Process id -> the (local address in hexadecimal, port) that it listens on, over IPv4 and IPv6."""
    sockets: dict[str, tuple[str, int]] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else ():
            fields = line.split()
            if fields[3] == "0A":
                address, port = fields[1].split(":")
                sockets[fields[9]] = (address, int(port, 16))
    found: dict[int, set[tuple[str, int]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            links = [str(path.readlink()) for path in (folder / "fd").iterdir()]
        except OSError:
            continue
        for link in links:
            if link.startswith("socket:[") and link[8:-1] in sockets:
                found.setdefault(int(folder.name), set()).add(sockets[link[8:-1]])
    return found


def processes_naming(text: str) -> list[int]:
    """Every process whose command line or folder names this text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
            if (text in line or str((folder / "cwd").readlink()).startswith(text)) and int(folder.name) != os.getpid():
                found.append(int(folder.name))
        except OSError:
            continue
    return found
