"""Words of a command that only a shell understands, and what to write in their place. No shell runs a command."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh", "busybox")
_JOINS = ("&&", "||", ";", "&", "|", "|&")
"""What stands between two commands. Those before a pipe are no end of what a shell has to wait for."""
_ENDED_BY_SEMICOLON = ("-exec", "-execdir", "-ok")
"""Options of find(1) whose commands a semicolon ends."""
_REDIRECTION = re.compile(r"(\d*|&)(>>?|<<?<?|<>|>\|)(&?\S*)")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(\{[A-Za-z_][^}]*\}|[A-Za-z_][A-Za-z0-9_]*|\([^)]*\)?|[@*#?!])")
_GLOB = re.compile(r"(?!-)[\w./~@+-]*(\*|\?|\[[^\]\s]+\])[\w./~@+*?\[\]-]*")


def shell_note(key: str, words: Sequence[str]) -> str:
    """Which words of the command under this key only a shell understands, and what to write; empty where none is.

    Words that were quoted look as if they were not, so this is a hint and no fault.
    """
    if any(PurePosixPath(word).name in _SHELLS for word in words):
        return ""
    words = list(_split(words))
    special = list(dict.fromkeys(part for index, word in enumerate(words) for part in _special(words, index, word)))
    if not special:
        return ""
    listed = ", ".join(f"`{part}`" for part in special)
    return f"{key} gets {listed} as it is written, for no shell reads it. Write {_advice(key, words)}"


def _split(words: Sequence[str]) -> Iterator[str]:
    """`app;` as two words, as a shell reads them."""
    for word in words:
        if len(word) > 1 and word.endswith(";") and not re.search(r"\s", word):
            yield from (word[:-1], ";")
        else:
            yield word


def _special(words: Sequence[str], index: int, word: str) -> Iterator[str]:
    """The parts of one word that only a shell understands."""
    if word == ";" and any(option in words for option in _ENDED_BY_SEMICOLON):
        return
    if word in _JOINS or _REDIRECTION.fullmatch(word):
        yield word
    elif _ASSIGNMENT.fullmatch(word) and all(map(_ASSIGNMENT.fullmatch, words[:index])):
        yield word.partition("=")[0] + "="
    else:
        yield from (match[0] for match in _VARIABLE.finditer(word))
        if "`" in word:
            yield "a backtick"
        if word == "~" or word.startswith("~/"):
            yield "~"
        # Behind an option it is mostly meant as it stands: --forwarded-allow-ips '*'
        if _GLOB.fullmatch(word) and not words[index - 1].startswith("-"):
            yield word


def _advice(key: str, words: Sequence[str]) -> str:
    """`folder:` and `env:` for what they are there for, and a shell for the rest, which `exec` leaves."""
    keys, rest = list[str](), list(words)
    if len(rest) > 3 and rest[0] == "cd" and rest[2] in ("&&", ";"):
        keys.append(f"folder: {rest[1]}")
        rest = rest[3:]
    variables = dict[str, str]()
    while len(rest) > 1 and (assignment := _ASSIGNMENT.fullmatch(rest[0])):
        variables[assignment[1]] = assignment[2]
        rest = rest[1:]
    if variables:
        keys.append(f"env: {{{', '.join(f'{name}: {value}' for name, value in variables.items())}}}")
    is_plain = not any(True for index, word in enumerate(rest) for _ in _special(rest, index, word))
    command = shlex.join(rest) if is_plain else f"sh -c {_single_quoted(_script(rest))}"
    return " and ".join((*keys, f"{key}: {command}"))


def _script(words: Sequence[str]) -> str:
    """The words as a shell's script. Its last command takes the shell's place, so that signals reach it."""
    last = max((index + 1 for index, word in enumerate(words) if word in _JOINS), default=0)
    is_piped = any(word in ("|", "|&", "&") for word in words)
    script = [_script_word(word) for word in words]
    if not is_piped and last < len(words):
        script.insert(last, "exec")
    return " ".join(script)


def _script_word(word: str) -> str:
    if word in _JOINS or _REDIRECTION.fullmatch(word):
        return word
    if _VARIABLE.search(word) or "`" in word:
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return word if _GLOB.fullmatch(word) or word == "~" or word.startswith("~/") else shlex.quote(word)


def _single_quoted(script: str) -> str:
    """In single quotes, as a person would write it."""
    return "'" + script.replace("'", "'\"'\"'") + "'"
