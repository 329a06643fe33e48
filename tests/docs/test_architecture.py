"""The architecture page is true: its paths exist, its map is what import-linter proves, and its absences hold."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
with (ROOT / "pyproject.toml").open("rb") as file:
    CONTRACTS = tomllib.load(file)["tool"]["importlinter"]["contracts"]

LAYERS = {container: contract["layers"] for contract in CONTRACTS for container in contract.get("containers", ())}
PATH_PATTERN = r"[\w.-]+(/[\w.-]+)+|\w+\.(py|md|toml)"
PATHS = [span for span in re.findall(r"`([^`\n]+)`", PAGE) if re.fullmatch(PATH_PATTERN, span)]


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def rooms_of_the_contracts() -> set[str]:
    return {
        f"{container.replace('.', '/')}/{room.strip()}"
        for container, rows in LAYERS.items()
        for row in rows
        for room in row.split("|")
    }


@pytest.mark.parametrize("path", sorted(set(PATHS)))
def test_each_path_on_the_page_exists(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / f"{path}.py").is_file(), (
        f"docs/architecture.md names {path}, which is gone"
    )


def test_the_page_has_a_line_for_each_room_and_for_nothing_else() -> None:
    rows = [line.split("|")[1] for line in section("The map").splitlines() if line.startswith("| `")]
    rooms = [room for row in rows for room in re.findall(r"`([^`]+)`", row)]
    assert sorted(rooms) == sorted(rooms_of_the_contracts()), (
        "the table of docs/architecture.md and the contracts differ"
    )


def test_the_map_is_what_the_contracts_say() -> None:
    figure = section("The map").split("```")[1]
    drawn: dict[str, str] = {}
    for line in figure.replace("│", "").splitlines():
        if line.strip():
            name, rest = line[:22].strip() or list(drawn)[-1], line[22:].strip()
            drawn[name] = f"{drawn.get(name, '')} {rest}".strip()
    assert drawn == {container: " > ".join(rows) for container, rows in LAYERS.items()}


def test_the_floors_are_those_of_the_contracts() -> None:
    floors = next(contract["layers"] for contract in CONTRACTS if contract["name"].startswith("Floors"))
    assert set(floors) <= set(LAYERS)
    drawn = [line.split()[0] for line in section("The map").splitlines() if line.split() and line.split()[0] in floors]
    assert drawn == floors


def test_ten_questions_are_each_answered_by_one_path() -> None:
    questions = [line for line in section("Ten questions").splitlines() if re.match(r"\d+\. ", line)]
    assert len(questions) == 10
    for question in questions:
        assert re.fullmatch(r"\d+\. Where (is|does|would I add) .+\? `[^`]+`", question), question
        assert re.findall(r"`([^`]+)`", question)[0] in PATHS, question


IMPURE_CALLS = {
    "open", "read_text", "read_bytes", "now", "utcnow", "today", "time", "monotonic", "perf_counter", "random", "uuid4",
}  # fmt: skip
PACKAGED_TABLES = {
    "infra_specs/catalogue/images.py",
    "infra_specs/catalogue/recipes.py",
    "infra_specs/pricing/book.py",
    "infra_specs/pricing/aws/prices.py",
}


def _called(path: Path) -> set[str]:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    names = [call.id if isinstance(call, ast.Name) else getattr(call, "attr", "") for call in calls]
    return set(names)


def test_no_decision_reads_a_clock_a_random_number_or_a_file() -> None:
    impure = {
        str(path.relative_to(ROOT)): _called(path) & IMPURE_CALLS for path in (ROOT / "infra_specs").rglob("*.py")
    }
    assert {path: calls for path, calls in impure.items() if calls} == {path: {"read_text"} for path in PACKAGED_TABLES}


def test_no_other_file_applies_a_plan() -> None:
    users = {
        str(path.relative_to(ROOT))
        for floor in ("deployments", "flows", "tasks")
        for path in (ROOT / floor).rglob("*.py")
        if "apply_plan" in _called(path)
    }
    assert users == {"flows/engine/converge.py", "flows/engine/one_off.py"}
