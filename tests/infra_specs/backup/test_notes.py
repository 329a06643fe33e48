"""What is said of a stack whose file asks for backups that are not made."""

from typing import Any

import pytest

from infra_specs.backup.time import backup_notes
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
