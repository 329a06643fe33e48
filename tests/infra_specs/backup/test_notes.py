"""What is said of a stack whose file asks for backups that are not made."""

from typing import Any

import pytest

from infra_specs.backup.time import backup_notes, not_backed_up
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure

AT = {"backup": {"at": "03:00"}}
DATABASE = {"needs": {"database": "postgres"}}


@pytest.mark.parametrize(
    ("target", "fields", "notes"),
    [
        ("docker", {}, ()),
        ("docker", {**AT, **DATABASE}, ()),
        ("docker", AT, ("backup does nothing: shop has no data that this version backs up on this target",)),
        ("swarm", {**AT, **DATABASE}, ()),
    ],
)
def test_it_is_said_once_and_only_where_the_file_asks(
    target: str, fields: dict[str, Any], notes: tuple[str, ...]
) -> None:
    given = {"provider": target, **({"fleet": "alpha"} if target == "swarm" else {})}
    spec = {"name": "shop", "target": given, "services": {"web": {"image": "shop:1", "port": 80}}, **fields}
    assert backup_notes(from_data(spec, "spec")) == notes


VOLUMES = {"services": {"web": {"image": "shop:1", "command": "run", "volumes": {"data": "/data"}}}}
QUEUE = {"needs": {"database": "postgres", "queue": "valkey"}}


@pytest.mark.parametrize(
    ("target", "fields", "lost"),
    [
        ("docker", DATABASE, ()),
        ("docker", {**DATABASE, **VOLUMES}, ("the volume web.data",)),
        ("docker", VOLUMES, ("the volume web.data",)),
        ("local", VOLUMES, ()),
        ("local", {**QUEUE, **VOLUMES}, ("the queue",)),
        ("docker", {**QUEUE, **VOLUMES}, ("the volume web.data", "the queue")),
    ],
)
def test_what_a_deletion_takes_along_without_a_backup(
    target: str, fields: dict[str, Any], lost: tuple[str, ...]
) -> None:
    spec = {"name": "shop", "target": {"provider": target}, "services": {"web": {"command": "run", "image": "shop:1"}}}
    assert not_backed_up(from_data({**spec, **fields}, "spec")) == lost
