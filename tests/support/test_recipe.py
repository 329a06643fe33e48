"""An image is built anew when anything that it is made of has changed, and only then."""

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.images.recipe import Part, Recipe

pytestmark = pytest.mark.pure


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    for name in ("image", "app/deep", "wheel"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "image" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "app" / "deep" / "app.py").write_text("1\n")
    (tmp_path / "wheel" / "program").write_text("a")
    (tmp_path / "wheel" / "program").chmod(0o700)
    parts = (Part(tmp_path / "app", "app"), Part(tmp_path / "wheel", "wheel", "wheel 1"))
    return Recipe("thing:1", tmp_path / "image", parts, {"RELEASE": "1"})


@pytest.mark.parametrize(
    "change",
    [
        lambda recipe: (recipe.folder / "Dockerfile").write_text("FROM base\n"),
        lambda recipe: (recipe.folder / "more").write_text(""),
        lambda recipe: (recipe.parts[0].source / "deep" / "app.py").write_text("2\n"),
        lambda recipe: (recipe.parts[0].source / "deep" / "app.py").rename(recipe.parts[0].source / "app.py"),
    ],
)
def test_a_changed_file_is_another_image(recipe: Recipe, change: Callable[[Recipe], object]) -> None:
    before = recipe.key("base")
    change(recipe)
    assert recipe.key("base") != before


def test_so_is_everything_else_that_matters(recipe: Recipe) -> None:
    newer = (recipe.parts[0], replace(recipe.parts[1], version="wheel 2"))
    others = [replace(recipe, args={}), replace(recipe, stage="sick"), replace(recipe, parts=newer)]
    keys = {recipe.key("base"), recipe.key("another base"), *(other.key("base") for other in others)}
    assert len(keys) == 5


def test_what_python_leaves_behind_is_no_change(recipe: Recipe) -> None:
    before = recipe.key("base")
    left = recipe.parts[0].source / "deep" / "__pycache__"
    left.mkdir()
    (left / "app.pyc").write_text("")
    assert recipe.key("base") == before


def test_the_context_is_readable_by_everybody(recipe: Recipe) -> None:
    file = io.BytesIO()
    recipe.write_context(file)
    file.seek(0)
    with tarfile.open(fileobj=file) as tar:
        modes = {entry.name: oct(entry.mode) for entry in tar}
    assert modes == {"./Dockerfile": "0o644", "app/deep/app.py": "0o644", "wheel/program": "0o755"}
