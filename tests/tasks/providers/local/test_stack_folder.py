"""The folder of a stack, looked at while others make and remove it."""

import threading
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local.stack_folder import stack_folder_of

pytestmark = pytest.mark.pure

LOOKS = 20_000


def test_a_folder_that_is_removed_meanwhile_is_no_stranger(tmp_path: Path) -> None:
    folder = tmp_path / "stacks" / "shop"
    folder.parent.mkdir()
    done = threading.Event()

    def make_and_remove() -> None:
        while not done.is_set():
            folder.mkdir()
            folder.rmdir()

    other = threading.Thread(target=make_and_remove)
    other.start()
    try:
        assert {stack_folder_of(tmp_path, "shop").path for _ in range(LOOKS)} == {folder}
    finally:
        done.set()
        other.join()


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "shop").write_text("not ours")
    with pytest.raises(ProviderError, match=r"shop is no folder, and the stack's things belong in it\. Remove it\."):
        stack_folder_of(tmp_path, "shop")


def test_no_folder_yet(tmp_path: Path) -> None:
    assert not stack_folder_of(tmp_path, "shop").exists
