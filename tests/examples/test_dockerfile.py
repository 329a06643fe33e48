"""The sample app's Dockerfile says all that the app needs, and the stack that builds it is sound."""

import ast
import sys
from pathlib import Path

import pytest

from infra_specs.stackfile.messages.no_effect import settings_without_effect
from infra_specs.stackfile.reading.load import load
from tasks.providers.docker.builds.dockerfile import Arguments, bases
from tasks.stack.preview_builds import build_requests

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
app = ROOT / "examples" / "app"
stacks = ROOT / "infra_specs" / "stacks"


def test_the_stack_builds_the_sample_app_and_is_the_quickstart_otherwise() -> None:
    stack, local = (load((stacks / f"{name}.yaml").read_text(), name) for name in ("quickstart-docker", "quickstart"))
    (order,) = build_requests(stack, str(stacks)).values()
    assert (order.context, order.dockerfile) == (str(app), "Dockerfile")
    assert settings_without_effect(stack) == ()
    assert (stack.users, stack.needs, stack.budget) == (local.users, local.needs, local.budget)


def test_it_starts_from_the_official_image_unless_told_otherwise() -> None:
    text = (app / "Dockerfile").read_text()
    assert bases(text, Arguments({}, {})) == ("python:3.13-slim",)
    assert bases(text, Arguments({"BASE": "mine:1"}, {})) == ("mine:1",)


def test_it_installs_what_the_app_imports() -> None:
    text = (app / "Dockerfile").read_text()
    own = {path.stem for path in app.glob("*.py")}
    named = {
        name.partition(".")[0]
        for path in app.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
    }
    for package in named - own - sys.stdlib_module_names:
        assert f'"{package}' in text


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
