"""Every benchmark can still be started: it imports what exists."""

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]
modules = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "benchmarks").rglob("*.py")
    if path.name != "__main__.py"
)


@pytest.mark.parametrize("module", modules)
def test_a_benchmark_imports_what_exists(module: str) -> None:
    assert importlib.import_module(module)
