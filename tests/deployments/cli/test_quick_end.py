"""A command ends without looking through all that it has loaded once more."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.pure
PROGRAM = """
import atexit, gc, sys
from deployments.cli import main
sys.argv = ["tenfold", *sys.argv[1:]]
atexit.register(lambda: print("loaded", gc.get_freeze_count() > 10_000, gc.isenabled()))
main()
"""


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["nothing-of-ours"], 2)], ids=str)
def test_what_is_loaded_is_not_looked_through_and_what_is_registered_is_called(words: list[str], code: int) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    assert ended.stdout.splitlines()[-1] == "loaded True False"
