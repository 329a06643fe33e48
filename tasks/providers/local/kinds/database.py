"""The kind `database`: a PostgreSQL on a volume, reachable on loopback with a password only."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import binaries, ports
from tasks.providers.local.accounts import reach
from tasks.providers.local.accounts.identity import as_account, give_volume, refuse_closed
from tasks.providers.local.files import make_folder, read_json, write_json
from tasks.providers.local.patience import PATIENCE_SECONDS
from tasks.providers.local.stack_folder import StackFolder, slug
from tasks.supervisor.process import Probe, Process

_SCRIPT = str(Path(__file__).parents[1] / "postgres_start.py")
"""The supervisors of stacks that run know it by this path: it must stay there."""
_HOST_RULES = """\
# TYPE  DATABASE     USER  ADDRESS       METHOD
local   all          all                 scram-sha-256
host    all          all   127.0.0.1/32  scram-sha-256
host    replication  all   127.0.0.1/32  scram-sha-256
"""


def database(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it. The volume is made into a cluster before the first start, and never again.

    Returns at once: initdb, user, password and database are the process's own preparation.
    """
    settings: Any = resource.settings
    if settings["engine"] != "postgres":
        raise ProviderError(f"{resource.address}: this target runs postgres, not {settings['engine']}")
    volume, account = Path(settings["volume"]), None if stack_folder.account else binaries.account()
    if not volume.is_dir():
        raise ProviderError(f"{resource.address}: its volume {volume} is not there: make the volume first")
    if account is not None:
        make_folder(stack_folder.home, 0o711)
        binaries.refuse_closed(volume.parent, account)
    port = ports.take(stack_folder.home, stack_folder.stack, resource.address)
    programs = binaries.postgres(stack_folder.home)
    reads = (*reach.interpreter(), _SCRIPT, str(programs.parents[2]))
    refuse_closed(stack_folder, resource, *reads)
    give_volume(stack_folder, volume)
    path = stack_folder.settings / f"{slug(resource.address, incarnation)}.json"
    write_json(path, _start_settings(resource, account, programs, port), owner=stack_folder.owner)
    helper = (sys.executable, "-I", "-S", _SCRIPT)
    return Process(
        name=name_of(resource.address, incarnation),
        argv=(str(programs / "postgres"), "-D", f"{volume}/data") if account is None else (*helper, "run", str(path)),
        **as_account(stack_folder, *reads),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/"},
        prepare=((*helper, "prepare", str(path)),),
        probe=_probe(settings, port),
        stop_signal="SIGINT",
        stop_seconds=60.0,
        owned=True,
        labels=labels_of(resource, incarnation, {"host": "127.0.0.1", "port": str(port)}),
    )


def _probe(settings: Any, port: int) -> Probe:
    """By its protocol: it accepts connections long before it has recovered from a crash.

    Each question is a process of the server's own: asked half as often as others.
    """
    user, name = settings["user"], settings["name"]
    return Probe("postgres", port, user=user, database=name, interval=2.0, threshold=3, patience=PATIENCE_SECONDS)


def _start_settings(resource: Resource, account: str | None, programs: Path, port: int) -> dict[str, Any]:
    """What `postgres_start.py` is told."""
    settings: Any = resource.settings
    return {
        "account": account,
        "programs": str(programs),
        "volume": str(Path(settings["volume"])),
        "user": settings["user"],
        "name": settings["name"],
        "password": settings["password"],
        "conf": conf(port, settings["connections"], settings["tuning"]),
        "hba": _HOST_RULES,
    }


def client_environment(stack_folder: StackFolder, instance: Instance) -> dict[str, str]:
    """With these `psql`, `pg_dump` and the like, which lie beside the server, find it and are let in."""
    start = read_json(stack_folder.settings / f"{slug(instance.address, instance.incarnation)}.json") or {}
    if not start:
        return {}
    return {
        "PATH": f"{start['programs']}:/usr/bin:/bin",
        "PGHOST": instance.outputs["host"],
        "PGPORT": instance.outputs["port"],
        "PGUSER": start["user"],
        "PGPASSWORD": start["password"],
        "PGDATABASE": start["name"],
        # Whoever took the port since may ask for the password in clear text: it is not sent.
        "PGREQUIREAUTH": "scram-sha-256",
    }


def conf(port: int, connections: int, tuning: Mapping[str, str]) -> str:
    """The whole of postgresql.conf: what keeps it private comes last, where nothing overrules it."""
    values = {
        "timezone": "Etc/UTC",
        "log_timezone": "Etc/UTC",
        "default_text_search_config": "pg_catalog.english",
        # One call instead of an fsync of each of its thousand files: back after a crash in a fifth of the time.
        **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
        **tuning,
        "max_connections": str(connections),
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "logging_collector": "off",
        "log_destination": "stderr",
    }
    return "".join(f"{name} = '{_quoted(value)}'\n" for name, value in values.items())


def _quoted(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("'", "''").replace("\n", " ")
