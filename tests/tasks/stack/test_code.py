"""The code of services as who only looks sees it."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from infra_specs.desired import StackSnapshot
from infra_specs.stackfile.reading.load import from_data
from tasks.providers.seam.code import FolderContent
from tasks.stack.code import code_of, code_seen

pytestmark = pytest.mark.pure


@dataclass
class Folders:
    """Notes how each folder was looked at."""

    seen: list[str] = field(default_factory=list)

    def content(self, _stack: str, folder: str) -> FolderContent:
        self.seen.append(f"read {folder}")
        return FolderContent("read")

    def glance(self, folder: str) -> FolderContent:
        self.seen.append(f"listed {folder}")
        return FolderContent("listed")


def snapshot(*releases: dict[str, str]) -> StackSnapshot:
    """A stack of two services in one folder, whose releases have this code."""
    web = {"command": "run", "folder": "app"}
    spec = {"name": "shop", "target": {"provider": "local"}, "services": {"web": web, "api": web}}
    content: Any = tuple(SimpleNamespace(content=SimpleNamespace(code=code)) for code in releases)
    return replace(StackSnapshot(from_data(spec, "spec"), "/srv"), releases=content)


@pytest.mark.parametrize(
    ("releases", "seen"),
    [((), "listed"), (({}, {}), "listed"), (({}, {"web": "0123"}), "read"), (({"old": "0123"},), "read")],
    ids=str,
)
def test_files_are_read_where_there_is_code_to_compare_with(releases: tuple[dict[str, str], ...], seen: str) -> None:
    code = Folders()
    provider: Any = SimpleNamespace(code=code)
    assert code_seen(provider, snapshot(*releases)) == ({"web": seen, "api": seen}, ())
    assert code.seen == [f"{seen} /srv/app"]


def test_a_run_reads_them_always() -> None:
    code = Folders()
    provider: Any = SimpleNamespace(code=code)
    assert code_of(provider, snapshot()) == ({"web": "read", "api": "read"}, ())
    assert code.seen == ["read /srv/app"]


def test_a_target_without_folders_is_not_asked() -> None:
    provider: Any = SimpleNamespace(code=None)
    assert code_seen(provider, snapshot()) == ({}, ())
