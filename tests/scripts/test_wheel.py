"""The wheel stands alone: it has every file of the packages, and what the program reads beside them."""

import subprocess
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
FLOORS = ("deployments", "flows", "infra_specs", "tasks")
BESIDE = ("examples/app", "infra_specs/stacks", "docs/schema")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with ZipFile(built) as opened:
        yield opened


def _tracked(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.split("\0") if name}


def test_it_has_every_file_of_the_packages(wheel: ZipFile) -> None:
    beside = _tracked("infra_specs/stacks")
    assert _tracked(*FLOORS) - beside - set(wheel.namelist()) == set()
    assert "tenfold.py" in wheel.namelist()


def test_what_is_read_beside_the_code_lies_as_in_the_repository(wheel: ZipFile) -> None:
    expected = {f"tenfold_files/{name}" for name in (*_tracked(*BESIDE), "requirements/run.txt")}
    assert expected - set(wheel.namelist()) == set()


def test_it_brings_no_other_top_level_name(wheel: ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {*FLOORS, "tenfold.py", "tenfold_files"}


def _metadata(wheel: ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_its_metadata_pins_what_breaks_otherwise(wheel: ZipFile) -> None:
    required = _metadata(wheel).get_all("Requires-Dist", [])
    assert {"prefect==3.8.8", "fastapi<0.153", "sqlalchemy<2.1,>=2.0"} <= set(required)
