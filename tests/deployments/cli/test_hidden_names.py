"""A user's folder or module that is called as one of our packages hides none of ours, in no verb."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployments.cli.conftest import spec
from tests.deployments.cli.test_help import COMMANDS, SERVER

ROOT = Path(__file__).parents[3]
FLOORS = ("deployments", "flows", "infra_specs", "tasks")
EVERY_MODULE = """
import importlib, json, pkgutil, sys
import tenfold
sys.meta_path.insert(0, tenfold.OwnFloors)
for floor in tenfold.FLOORS:
    package = importlib.import_module(floor)
    for module in pkgutil.walk_packages(package.__path__, floor + '.'):
        if not module.name.endswith('__main__') and '.migrations' not in module.name:
            importlib.import_module(module.name)
print(json.dumps({name: module.__file__ for name, module in sys.modules.items()
                  if name.partition('.')[0] in tenfold.FLOORS}))
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a module or a package of each of our names. Whoever imports one ends at once."""
    folder = tmp_path_factory.mktemp("hostile")
    for floor in FLOORS[::2]:
        (folder / f"{floor}.py").write_text("raise SystemExit('the wrong module')")
    for floor in FLOORS[1::2]:
        (folder / floor).mkdir()
        (folder / floor / "__init__.py").write_text("raise SystemExit('the wrong package')")
    (folder / "shop.yaml").write_text(spec)
    return folder


def _python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{ROOT}", "TENFOLD_HOME": str(folder / "home")}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_no_module_of_ours_is_hidden(hostile: Path) -> None:
    """Verbs import in their functions; here is every module that any of them, a run or a served flow can import."""
    ended = _python(hostile, "-c", EVERY_MODULE)
    assert ended.returncode == 0, ended.stderr
    files = json.loads(ended.stdout)
    assert {floor for floor in FLOORS if floor in files} == set(FLOORS)
    assert [file for file in files.values() if file and not Path(file).is_relative_to(ROOT)] == []


@pytest.fixture(scope="module")
def helped(hostile: Path) -> dict[str, str]:
    """What each verb answers to --help, from one process in the hostile folder."""
    verbs = [list(words) for words in (*COMMANDS, *SERVER)]
    code = (
        "import json, sys, tenfold\nsys.meta_path.insert(0, tenfold.OwnFloors)\n"
        "from typer.testing import CliRunner\nfrom deployments.cli import app\n"
        f"verbs = {verbs}\nanswers = [CliRunner().invoke(app, [*words, '--help']).output for words in verbs]\n"
        "print(json.dumps({' '.join(words): answer for words, answer in zip(verbs, answers)}))"
    )
    ended = _python(hostile, "-c", code)
    assert ended.returncode == 0, ended.stderr
    answers: dict[str, str] = json.loads(ended.stdout)
    return answers


@pytest.mark.parametrize("words", [*COMMANDS, *SERVER], ids=" ".join)
def test_a_verb_is_ours(helped: dict[str, str], words: tuple[str, ...]) -> None:
    assert f"tenfold {' '.join(words)}" in helped[" ".join(words)].replace("Usage: root", "tenfold")


@pytest.mark.parametrize("words", [("plan", "shop.yaml"), ("status",), ("schema",), ("version",)], ids=" ".join)
def test_the_installed_command_does_its_work_there(hostile: Path, words: tuple[str, ...]) -> None:
    ended = _python(hostile, "-c", "import tenfold; tenfold.main()", *words)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
