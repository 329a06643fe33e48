"""Words of a command that only a shell understands are told."""

import shlex

import pytest

from infra_specs.stackfile.messages.shell_words import shell_note

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("uvicorn app:app --port $PORT", "$PORT"),
        ("gunicorn --bind=127.0.0.1:${PORT:-80} app", "--bind=127.0.0.1:${PORT:-80}"),
        ("./migrate && ./serve", "&&"),
        ("./serve || true", "||"),
        ("./serve | tee log", "|"),
        ("./serve &", "&"),
        ("./serve > log", ">"),
        ("./serve 2>> log", "2>>"),
        ("./serve 2>&1", "2>&1"),
        ("./serve < list", "<"),
    ],
)
def test_a_word_for_a_shell_is_told(command: str, word: str) -> None:
    assert shell_note("command", shlex.split(command)) == (
        f"command gets `{word}` as it is written, for no shell reads it. If one shall, write command: sh -c '…'"
    )


@pytest.mark.parametrize(
    "command",
    [
        "python app.py",
        "sh -c 'exec uvicorn app:app --port $PORT'",
        "env A=1 /bin/bash -c 'a && b'",
        "awk '{print $1}' list",
        "grep 'end$' list",
        "find . -name '*.pyc' -exec rm {} ;",
        "printf 'a > b'",
    ],
)
def test_nothing_is_told_of_others(command: str) -> None:
    assert shell_note("command", shlex.split(command)) == ""
