"""The kind `database`: a PostgreSQL on a volume, from the official image's contract."""

import hashlib
from typing import Any

from docker.types import Mount

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.docker.containers.container import SECRETS_PATH, Container, DesiredContainer
from tasks.providers.docker.labels import host_of

PORT = 5432
_VOLUME = "/var/lib/postgresql"
# The first start is marked before it begins; the mark goes, and is known to be gone, before the server serves anybody.
# So whoever finds it finds a cluster that was left half made and never held anything, and begins anew. As it may be
# half on the disk until then, initdb need not wait for that: all is written while the entrypoint fills the cluster.
_FIRST_START_FOLDER = f"{_VOLUME}/.first"
# Where nothing may be run from the folder of secrets, as in a task of a Swarm, the script below can be run from here.
_START_FOLDER = f"{_VOLUME}/.start"
_SYNC = f"sync {_VOLUME} 2>/dev/null || sync"
_SYNC_ALL = f"sync -f {_VOLUME} 2>/dev/null || sync"
# The image sets a password only when it makes the cluster. A server without a port sets it later; its statement holds
# the password, so it may not reach the log.
_START_SCRIPT = f"""\
set -e
wanted=$(cat {SECRETS_PATH}/password.sha256)
if [ -e {_FIRST_START_FOLDER} ]; then
    echo "the first start was cut off before the database had served anybody: beginning anew"
    rm -rf "$PGDATA"
fi
if [ -z "$(ls -A "$PGDATA" 2>/dev/null)" ]; then
    touch {_FIRST_START_FOLDER}
    {_SYNC}
    mkdir -p {_START_FOLDER}
    cp {SECRETS_PATH}/postgres {_START_FOLDER}/postgres
    chmod 755 {_START_FOLDER}/postgres
    PATH={_START_FOLDER}:$PATH
elif [ "$(cat {_VOLUME}/.password 2>/dev/null)" != "$wanted" ]; then
    postgres --single -D "$PGDATA" -c log_min_error_statement=panic -c password_encryption=scram-sha-256 postgres \\
        <{SECRETS_PATH}/password.sql >/dev/null
fi
printf %s "$wanted" >{_VOLUME}/.password
exec docker-entrypoint.sh "$0" "$@"
"""
# What the image's entrypoint takes for the server in a first start: once the cluster is made, to ask for a setting
# (-C), and at the end.
_PROBE_SCRIPT = f"""\
#!/bin/sh
PATH=${{PATH#*:}}
if [ "$1" = -C ]; then
    ({_SYNC_ALL}) >/dev/null 2>&1 &
else
    {_SYNC_ALL}
    rm -rf {_FIRST_START_FOLDER} {_START_FOLDER}
    {_SYNC}
fi
exec postgres "$@"
"""


def database(resource: Resource, _address: str) -> DesiredContainer:
    """What runs it. A password that is not the one which the volume knows is set before the server starts.

    Raises ProviderError for another engine than postgres.
    """
    settings: Any = resource.settings
    if settings["engine"] != "postgres":
        raise ProviderError(f"{resource.address}: this target runs postgres, not {settings['engine']}")
    container = Container(
        settings["image"],
        ("bash", "-c", _START_SCRIPT, "postgres", *_options(settings)),
        {
            "POSTGRES_USER": settings["user"],
            "POSTGRES_DB": settings["name"],
            # For `psql` and `pg_dump` in an exec; the image's own calls name both.
            "PGUSER": settings["user"],
            "PGDATABASE": settings["name"],
            "POSTGRES_PASSWORD_FILE": str(SECRETS_PATH / "password"),
            "POSTGRES_INITDB_ARGS": "--encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8 --no-sync",
            "PGDATA": f"{_VOLUME}/18/docker",
        },
        user="postgres",
        files=_files(settings["user"], settings["password"]),
        # The folder belongs to postgres in every official image, so it does so too in a volume mounted there.
        volumes={"data": Mount(_VOLUME, settings["volume"], type="volume")},
        scratch=("/tmp", "/var/run/postgresql"),  # noqa: S108 - of the container
        memory=settings["limit"],
        shared_memory=max(64 * 2**20, settings["memory"] // 4),
        stop_seconds=60,
    )
    probe = {"kind": "postgres", "port": PORT, "user": settings["user"], "name": settings["name"]}
    return DesiredContainer(container, (), {"host": host_of(resource.address), "port": str(PORT)}, probe)


def _options(settings: Any) -> list[str]:
    tuning = {
        **settings["tuning"],
        "max_connections": str(settings["connections"]),
        "password_encryption": "scram-sha-256",
        "timezone": "Etc/UTC",
        "log_timezone": "Etc/UTC",
    }
    return [word for name, value in tuning.items() for word in ("-c", f"{name}={value}")]


def _files(user: str, password: str) -> dict[str, str]:
    name = user.replace('"', '""')
    text = password.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return {
        "password": password,
        "password.sql": f"ALTER ROLE \"{name}\" LOGIN PASSWORD E'{text}';\n",
        "password.sha256": hashlib.sha256(password.encode()).hexdigest(),
        "postgres": _PROBE_SCRIPT,
    }
