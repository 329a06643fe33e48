"""No value and no text makes redaction go on for ever: what an app writes, anybody may have made up.

Each case is redacted in a process that is ended if it does not come to its end. The limit is far above its need.
"""

import json
import os
import subprocess
import sys

import pytest

from infra_specs.redaction import Redaction
from infra_specs.redaction.finder import Finder

pytestmark = pytest.mark.pure

LIMIT_SECONDS = 240
CODE = """
import json, sys
from infra_specs.redaction import Redaction, Stream
for value, unit, length, end in json.load(sys.stdin):
    text = (unit * length)[:length] + end
    redaction = Redaction({"s": [value]})
    redaction.redacted(text)
    stream = Stream(lambda: redaction)
    stream.take(text + chr(10))
    stream.end()
"""
UNITS = (
    "\\", "\n", "\r\n", "'", '"', "$", "%", "&", "!", " ", "\t", "\0", "a", "é", "\\!", "\n ", "\\\n", "%25", "&amp;",
    "\\x5c", "\\u0022", "''", "://a:", "a://b:@", "a://b/", "=", "+", "/", "0x61,", "1,", "%61", "&#97;", "61 ", "[",
    "x=", '"x":', "@", "-----BEGIN X-----\n", "password=", "aGVs",
)  # fmt: skip
LONG = (
    ("$" * 24 + "x", "$", 100_000, "!x"),
    ("'" * 24 + "x", "'", 100_000, "!x"),
    ('"' * 24 + "x", '"', 100_000, "!x"),
    ("%" * 24 + "x", "%", 100_000, "!x"),
    ("\\!" * 12 + "x", "\\" * 10 + "!", 100_000, "y"),
    ("\n " * 12 + "xyz", "\n" + " " * 20, 20_000, "!"),
    ("!@#$%^&*()-=+[]{};:,.<>/?a", "a", 100_000, ""),
    ("a" + "!" * 20, "a", 100_000, ""),
    ("a" * 4 + "%" * 20 + "b", "a%", 100_000, ""),
    ("'\"" * 12 + "x", "'\"", 100_000, "!x"),
    ("'\\" * 24, "'\\", 5_000, ""),
    ("\n\n\n\n\nabc", " ", 100_000, "x"),
    ("one\n\n\n\ntwo three", " ", 100_000, "x"),
    ("a-value-of-several\nlines", "a", 100_000, "!"),
    ("a-value-as-long-as-base64-lines", "a", 100_000, "!"),
    ("a-value-of-any-kind", "a://b:", 100_000, "@"),
    ("a-value-of-any-kind", "a://b:/", 100_000, "@"),
    ("a-value-of-any-kind", "a://b:c@", 100_000, ""),
)


def _redact(cases: list[tuple[str, str, int, str]]) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    argv = [sys.executable, "-c", CODE]
    subprocess.run(argv, input=json.dumps(cases).encode(), check=True, timeout=LIMIT_SECONDS, env=environment)


@pytest.mark.parametrize("case", LONG, ids=lambda case: f"{case[0][:12]!r} in {case[1][:8]!r}")
def test_a_long_line_comes_to_its_end(case: tuple[str, str, int, str]) -> None:
    _redact([case])


@pytest.mark.parametrize("shape", ["{}x", "x{}y", "{}"])
def test_any_unit_repeated_against_any_other(shape: str) -> None:
    _redact([(shape.format(unit * 24), other, 300, "!x") for unit in UNITS for other in UNITS])


def test_windows_that_overlap_are_searched_once() -> None:
    value = "!@#$%^&*()-=+[]{};:,.<>/?a"
    assert len(list(Finder(value)._windows("a" * 40_000))) == 1
    assert len(list(Finder("its-value")._windows(("value" + " " * 10_000) * 3))) == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("$$$x-value", "$$$$$$x-value"),
        ("it''s-me", "it'\"'\"''\"'\"'s-me"),
        ('a""b-value', r"a\"\"b-value"),
        ("it's a value", "it'\\\"'\\\"'s a value"),
        ("écrit-value", r"\u00c3\u00a9crit-value"),
        ('a""b-value', 'a""""b-value'),
        ("a%%b-value", "a%25%25b-value"),
        ("a%%b-value", "a%%%%b-value"),
        ("it'\"'\"'s-me", r"it\'\"\'\"\'s-me"),
        ("a\\\nb-value", r"a\\\nb-value"),
        ("a\\\\!b-value", r"a\\\\!b-value"),
        ("a\n  b-value", "a\n      b-value"),
        ("one\n\n\ntwo-lines", r"one\n\n\ntwo-lines"),
        ("one\n\n\ntwo-lines", "one\n    \n\n    two-lines"),
    ],
)
def test_a_run_is_found_in_each_of_its_forms(value: str, text: str) -> None:
    assert Redaction({"s": [value]}).redacted(f"is {text}") == "is [secret s]"
