"""Paths, modules and make targets that the pages name exist. Decisions are left out: they stay as they were written."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "decisions" not in path.parts),
    *sorted((ROOT / ".github").rglob("*.md")),
]
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir()}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _spans(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    spans = _spans(page)
    paths = [span for span in spans if re.fullmatch(r"[\w.-]+(/[\w.-]*)+", span) and span.split("/")[0] in FOLDERS]
    modules = [match[1] for span in spans if (match := re.match(r"python -m ((benchmarks|docs)\.[\w.]+)", span))]
    paths += [module.replace(".", "/") for module in modules]
    assert [path for path in paths if not (ROOT / path).exists() and not (ROOT / f"{path}.py").is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_make_target_on_a_page_exists(page: Path) -> None:
    named = [match[1] for span in _spans(page) if (match := re.match(r"make ([a-z-]+)", span))]
    assert set(named) <= TARGETS


def test_the_pages_are_seen() -> None:
    assert {"README.md", "CONTRIBUTING.md", "architecture.md", "quickstart.md"} <= {page.name for page in PAGES}
