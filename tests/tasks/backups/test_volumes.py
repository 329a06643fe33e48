"""What counts as data of a stack."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra_specs.resources.instance import Health, Instance
from tasks.backups.context import BackupContext
from tasks.backups.volumes import has_data

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("address", "reads_files", "expected"),
    [
        ("database/main", False, True),
        ("volume/web.data", True, True),  # a teardown with its data makes a last backup of these, too
        ("volume/web.data", False, False),
        ("replica/web-0", True, False),
    ],
)
def test_a_stack_has_data_with_a_database_or_with_files(address: str, reads_files: bool, expected: bool) -> None:
    kind = address.partition("/")[0]
    instance = Instance("shop", address, kind, "f", 1, Health("healthy", "", 0.0))
    provider: Any = SimpleNamespace(volume_files=object() if reads_files else None, observe=lambda _: (instance,))
    stack: Any = SimpleNamespace(name="shop")
    assert has_data(BackupContext(stack, provider, None, None, None)) is expected  # type: ignore[arg-type]
