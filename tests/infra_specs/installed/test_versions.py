"""Packages that differ from the locked ones."""

from pathlib import Path

import pytest

from infra_specs.installed.versions import differences, locked_versions

pytestmark = pytest.mark.pure

LOCK = """\
fastapi==0.152.0 \\
    --hash=sha256:00
    # via prefect
SQLAlchemy==2.0.58 \\
    --hash=sha256:00
pywin32==311 ; sys_platform == 'win32' \\
    --hash=sha256:00
rich==14.0 \\
    --hash=sha256:00
"""
REQUIRED = ["fastapi<0.153", "sqlalchemy>=2.0,<2.1", "rich>=13", "pytest>=8; extra == 'dev'"]
TESTED = {"fastapi": "0.152.0", "sqlalchemy": "2.0.58", "rich": "14.0"}


@pytest.mark.parametrize(
    ("installed", "lines"),
    [
        ({}, []),
        ({"rich": "15.1"}, ["rich is 15.1, tested is 14.0"]),
        ({"rich": "12.0"}, ["rich is 12.0, tested is 14.0: Tenfold needs >=13"]),
        ({"rich": "15.1", "fastapi": "0.165.0"},
         ["fastapi is 0.165.0, tested is 0.152.0: the control plane does not start", "rich is 15.1, tested is 14.0"]),
        ({"sqlalchemy": "2.1.9"}, ["sqlalchemy is 2.1.9, tested is 2.0.58: "
                                   "the control plane starts, looks healthy, and never makes a scheduled run"]),
    ],
)  # fmt: skip
def test_each_difference_is_told_and_what_it_breaks_first(installed: dict[str, str], lines: list[str]) -> None:
    assert [str(difference) for difference in differences(LOCK, REQUIRED, {**TESTED, **installed})] == lines


def test_what_is_missing_is_told_only_if_it_was_asked_for() -> None:
    lock = LOCK + "hatchling==1.33.0 \\\n    --hash=sha256:00\n"
    installed = {name: version for name, version in TESTED.items() if name != "rich"}
    assert [str(difference) for difference in differences(lock, REQUIRED, installed)] == [
        "rich is missing, tested is 14.0: what needs it does not start"
    ]


def test_the_lock_of_the_repository_can_be_read() -> None:
    lock = (Path(__file__).parents[3] / "requirements" / "run.txt").read_text(encoding="utf-8")
    versions = dict(locked_versions(lock))
    assert versions["prefect"] == "3.8.8"
    assert len(versions) > 50
