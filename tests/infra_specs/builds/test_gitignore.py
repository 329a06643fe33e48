"""What `.gitignore` leaves out, as Git says it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from infra_specs.builds.gitignore import GitIgnored

pytestmark = pytest.mark.pure

FILES = (
    "a.log", "b/a.log", "b/keep.log", "build/x", "b/build/x", "top", "b/top", "doc/a/frotz/x", "doc/frotz/x", "frotz",
    "x/foo/bar", "foo/bar", "foo", "a/b/c/d", "abc/x", "abc/y/z", "#hash", "!bang", "trailing ", "back\\slash", "q1",
    "q12", "c1", "c2", "cz", "z.tmp", "sub/z.tmp", "deep/one/two/three", ".env", ".env.example", "data/db", "data/keep",
)  # fmt: skip
CASES = (
    "*.log\n!keep.log", "build/", "/top", "doc/frotz", "doc/**/frotz", "**/foo", "**/foo/bar", "a/**/d", "abc/**",
    "\\#hash\n\\!bang\n# comment", "trailing\\ ", "trailing ", "q?", "c[0-9]", "c[!0-9]", "*.tmp\n!/z.tmp",
    "deep/*/two", "deep/one/\n!deep/one/two", ".env*\n!.env.example", "data/*\n!data/keep",
    "*", "/*\n!/b", "", "[", "**", "foo/",
    "/b/", "*/top", "\ufeffq1\r\nq12\r\n",
)  # fmt: skip


def left_out(rules: GitIgnored, path: str) -> bool:
    parts = path.split("/")
    return any(
        rules.ignores("/".join(parts[:length]), is_folder=length < len(parts)) for length in range(1, len(parts) + 1)
    )


@pytest.mark.parametrize(
    ("content", "out"),
    [
        ("*.log\n!keep.log", {"a.log", "b/a.log"}),
        ("build/", {"build/x", "b/build/x"}),
        ("/top", {"top"}),
        ("doc/**/frotz", {"doc/a/frotz/x", "doc/frotz/x"}),
        ("deep/one/\n!deep/one/two", {"deep/one/two/three"}),
        ("data/*\n!data/keep", {"data/db"}),
        (".env*\n!.env.example", {".env"}),
        ("c[!0-9]\nq?", {"cz", "q1"}),
        ("\\#hash\n# comment\n\n", {"#hash"}),
    ],
)
def test_what_is_left_out(content: str, out: set[str]) -> None:
    rules = GitIgnored().with_file(content.encode(), "")
    assert {name for name in FILES if left_out(rules, name)} == out


def test_a_file_deeper_down_speaks_last_and_of_its_own_folder() -> None:
    rules = GitIgnored().with_file(b"*.log\n/x", "").with_file(b"!a.log\n/y", "b/")
    assert not left_out(rules, "b/a.log")
    assert left_out(rules, "a.log")
    assert left_out(rules, "b/y")
    assert not left_out(rules, "y")
    assert left_out(rules, "x")
    assert not left_out(rules, "b/x")


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git to compare with")
@pytest.mark.parametrize("content", CASES)
def test_git_itself_says_the_same(tmp_path: Path, content: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_bytes(content.encode())
    folders = {name.rpartition("/")[0] for name in FILES} | {"foo"}
    names = [name for name in FILES if name not in folders]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    asked = subprocess.run(
        ["git", "-C", str(tmp_path), "-c", "core.excludesFile=/dev/null", "check-ignore", "--stdin", "-z"],
        input="\0".join(names), capture_output=True, text=True, check=False,
    )  # fmt: skip
    rules = GitIgnored().with_file(content.encode(), "")
    assert {name for name in names if left_out(rules, name)} == set(asked.stdout.split("\0")) - {""}
