"""Whether a new stack is another one under a new name, whatever else lies in its folder."""

from pathlib import Path

import pytest

from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.ledger import Lease, Ledger
from tasks.stack.record import snapshot_of
from tasks.stack.renamed import renamed_note


def called(name: str) -> Stack:
    return from_data({"name": name, "target": {"provider": "memory"}, "services": {"web": {"command": "run"}}})


@pytest.fixture
def folder(ledger: Ledger, lease: Lease, tmp_path: Path) -> Path:
    """A folder from which `shop` runs."""
    source = tmp_path / "source"
    source.mkdir()
    _record(ledger, lease, source)
    return source


def _record(ledger: Ledger, lease: Lease, source: Path) -> None:
    spec = called("shop").model_dump(mode="json", by_alias=True)
    ledger.stacks.set_desired(lease, "shop", spec, str(source))


def note(ledger: Ledger, source: Path) -> str:
    return renamed_note(ledger, snapshot_of(ledger, called("store"), str(source)))


def test_strange_files_are_passed_over(ledger: Ledger, folder: Path) -> None:
    (folder / "a.yaml").mkdir()
    (folder / "b.yml").write_bytes(b"\xff\xfe\x00")
    (folder / "c.json").symlink_to("/proc/self/mem")  # a file whose first byte nobody can read
    (folder / "d.yaml").symlink_to(folder / "d.yaml")
    assert "shop runs already" in note(ledger, folder)
    (folder / "shop.yaml").write_text("name: shop\n")
    assert note(ledger, folder) == ""


def test_only_the_beginning_of_a_big_file_is_read(ledger: Ledger, folder: Path) -> None:
    (folder / "dump.json").write_text("x" * 64 * 1024 + "\nname: shop\n")
    assert "shop runs already" in note(ledger, folder)


def test_a_folder_that_cannot_be_listed_says_nothing(ledger: Ledger, lease: Lease, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 300)  # longer than a name may be
    _record(ledger, lease, folder)
    assert note(ledger, folder) == ""
