"""A process of the control plane writes files for their owner alone."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.server import __main__ as entry

pytestmark = pytest.mark.pure


class Reached(Exception):
    """It would begin its work now."""


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("name", ["api", "runner"])
def test_what_it_makes_nobody_else_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    def begin(_: Path) -> None:
        (tmp_path / "prefect.db").touch()
        raise Reached

    monkeypatch.setattr(entry, "require_login", begin)
    with pytest.raises(Reached):
        entry.main(name)
    assert (tmp_path / "prefect.db").stat().st_mode & 0o777 == 0o600
