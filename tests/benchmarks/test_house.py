"""The figures of the house: each is found in a small tree that has it."""

from pathlib import Path

import pytest

from benchmarks.house import FLOORS, arrows, duplicates, figures, long_functions

pytestmark = pytest.mark.pure

COPIED = """
def total(rows):
    result = 0
    for row in rows:
        if row.count > 3:
            result += row.count * 2
        else:
            result -= 1
    return [result, *rows]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for floor in (*FLOORS, "tests"):
        (tmp_path / floor).mkdir()
        (tmp_path / floor / "__init__.py").write_text("")
    return tmp_path


def test_a_function_is_long_by_its_lines() -> None:
    body = "\n".join(f"    step_{number} = {number}" for number in range(40))
    files = {
        Path("a.py"): f"def long():\n{body}\n",
        Path("b.py"): f"def short():\n{body[: body.rindex('step_39') - 5]}\n",
    }
    assert list(long_functions(files)) == ["a.py:1 long (41 lines)"]
    assert list(long_functions({Path("migrations/a.py"): files[Path("a.py")]})) == []


def test_a_copy_with_other_names_is_a_duplicate() -> None:
    renamed = COPIED.replace("rows", "items").replace("result", "value").replace("3", "17")
    assert duplicates({Path("a.py"): COPIED, Path("b.py"): renamed}) == {(Path("a.py"), Path("b.py"))}
    assert duplicates({Path("a.py"): COPIED, Path("b.py"): COPIED.replace("return", "yield")}) != set()
    assert duplicates({Path("a.py"): COPIED, Path("b.py"): "limit = 1\n" * 20}) == set()


def test_an_arrow_leads_from_room_to_room(tree: Path) -> None:
    (tree / "tasks" / "run.py").write_text("import tasks.base.clock\nfrom infra_specs import errors\n")
    (tree / "tasks" / "base").mkdir()
    (tree / "tasks" / "base" / "__init__.py").write_text("from tasks.base import clock\n")
    (tree / "tasks" / "base" / "clock.py").write_text("")
    (tree / "infra_specs" / "errors.py").write_text("")
    assert arrows(tree) == {("tasks.run", "tasks.base"), ("tasks.run", "infra_specs.errors")}


def test_figures_of_a_tree(tree: Path) -> None:
    (tree / "flows" / "long.py").write_text("limit = 1\n" * 251)
    (tree / "flows" / "short.py").write_text("limit = 1\n")
    (tree / "tests" / "test_it.py").write_text("limit = 1\n" * 126)
    shown = figures(tree)
    assert (shown["files"], shown["lines"]) == (6, 252)
    assert (shown["files over 250 lines"], shown["files under 25 lines"]) == (1, 1)
    assert shown["test lines to source lines"] == 0.5
