"""Figures of the house: files, lines, arrows between rooms, long functions and files, tests to source, duplicates.

python -m benchmarks.house            # of the working tree
python -m benchmarks.house 1a2b3c4    # of that commit beside the working tree
"""

import ast
import keyword
import subprocess
import sys
import tarfile
import tempfile
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO, StringIO
from itertools import combinations
from pathlib import Path

FLOORS = ("infra_specs", "tasks", "flows", "deployments")
FUNCTION_LINES, FILE_LINES, FRAGMENT_LINES, DUPLICATE_LINES = 40, 250, 25, 6
DISTINCT_LINES = 4
"""Fewer shapes in a run are a table or a list of fields."""
COMMON = 8
"""Files that may share a run of lines; in more files it is a habit of the language and no duplicate."""
Figures = dict[str, int | float]


def figures(root: Path) -> Figures:
    """All figures of one tree. Lines are of files as they are; migrations count, but for long functions."""
    files, tests = _texts(root, FLOORS), _texts(root, ("tests",))
    lengths = [text.count("\n") for text in files.values()]
    source, tested = sum(lengths), sum(text.count("\n") for text in tests.values())
    edges = arrows(root)
    return {
        "files": len(files),
        "lines": source,
        f"files over {FILE_LINES} lines": sum(length > FILE_LINES for length in lengths),
        f"files under {FRAGMENT_LINES} lines": sum(
            length < FRAGMENT_LINES for path, length in zip(files, lengths, strict=True) if path.name != "__init__.py"
        ),
        f"functions over {FUNCTION_LINES} lines": len(list(long_functions(files))),
        "rooms of tasks": len({room for edge in edges for room in edge if room.startswith("tasks.")}),
        "arrows between rooms of tasks": sum(all(room.startswith("tasks.") for room in edge) for edge in edges),
        "arrows between rooms of all floors": len(edges),
        "test lines": tested,
        "test lines to source lines": round(tested / source, 2),
        "duplicates": len(duplicates(files)),
        "duplicates, tests included": len(duplicates(files | tests)),
    }


def _texts(root: Path, folders: tuple[str, ...]) -> dict[Path, str]:
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return {path: path.read_text(encoding="utf-8") for path in paths}


def long_functions(files: dict[Path, str]) -> Iterator[str]:
    """Functions that fit no screen, outside migrations."""
    for path, text in files.items():
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield f"{path.name}:{node.lineno} {node.name} ({lines} lines)"


def arrows(root: Path) -> set[tuple[str, str]]:
    """Pairs of rooms of which the first imports the second. A room is a module or package right below a floor.

    Another process looks, because a floor of this tree may be imported already.
    """
    script = (
        "import grimp, sys\n"
        f"graph = grimp.build_graph({', '.join(map(repr, FLOORS))}, cache_dir=None)\n"
        "for importer in sorted(graph.modules):\n"
        "    for imported in graph.find_modules_directly_imported_by(importer):\n"
        "        print(importer, imported)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, check=True, text=True, capture_output=True)
    pairs = [tuple(".".join(name.split(".")[:2]) for name in line.split()) for line in done.stdout.splitlines()]
    return {(importer, imported) for importer, imported in pairs if importer != imported}


def duplicates(files: dict[Path, str]) -> set[tuple[Path, Path]]:
    """Pairs of files that share six lines of one shape: names, texts and numbers may differ."""
    places: defaultdict[tuple[str, ...], set[Path]] = defaultdict(set)
    for path, text in files.items():
        shapes = list(_shapes(text))
        for start in range(len(shapes) - DUPLICATE_LINES + 1):
            run = tuple(shapes[start : start + DUPLICATE_LINES])
            if len(set(run)) >= DISTINCT_LINES:
                places[run].add(path)
    return {pair for paths in places.values() if len(paths) <= COMMON for pair in combinations(sorted(paths), 2)}


def _shapes(text: str) -> Iterator[str]:
    """Each line of code with its names, texts and numbers made equal; no comment, docstring, import or lone bracket."""
    line: list[str] = []
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type in (tokenize.NEWLINE, tokenize.NL):
            if len(line) > 1 and line[0] not in ("import", "from"):
                yield " ".join(line)
            line = []
        elif token.type not in (tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            line.append(_shape(token))


def _shape(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
        return "name"
    return {tokenize.STRING: "text", tokenize.NUMBER: "number"}.get(token.type, token.string)


def at_commit(commit: str, folder: Path) -> Path:
    """The tree of that commit, written below `folder`."""
    archive = subprocess.run(["git", "archive", commit], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def main(commit: str | None) -> None:
    root = Path(__file__).parents[1]
    now = figures(root)
    before: Figures = {}
    if commit:
        with tempfile.TemporaryDirectory() as folder:
            before = figures(at_commit(commit, Path(folder)))
        print(f"{'':38}{commit[:10]:>12}{'now':>12}")
    for name, value in now.items():
        print(f"{name:38}{before.get(name, ''):>12}{value:>12}")
    for function in long_functions(_texts(root, FLOORS)):
        print(f"too long: {function}")


if __name__ == "__main__":
    main(*sys.argv[1:] or [None])
