"""Words of a command that only a shell understands, and what to write in their place. No shell runs a command."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import yaml

_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh", "busybox")
_JOINS = ("&&", "||", ";", "&", "|", "|&")
"""What stands between two commands. Those before a pipe are no end of what a shell has to wait for."""
_ENDED_BY_SEMICOLON = ("-exec", "-execdir", "-ok")
"""Options of find(1) whose commands a semicolon ends."""
_REDIRECTION = re.compile(r"(\d*|&)(>>?|<<?<?|<>|>\|)(&?\S*)")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(\{[A-Za-z_][^}]*\}|[A-Za-z_][A-Za-z0-9_]*|\([^)]*\)?|[@*#?!])")
_OWN_WORDS = (
    *("!", ".", ":", "[[", "{", "}", "alias", "break", "case", "cd", "continue", "do", "done", "elif", "else", "esac"),
    *("eval", "exec", "exit", "export", "fi", "for", "function", "if", "local", "read", "readonly", "return", "select"),
    *("set", "shift", "source", "then", "trap", "ulimit", "umask", "unset", "until", "wait", "while"),
)
"""A shell does these by itself: there is no program of that name that could take its place."""
_UNREAD = ("$", "`", "~")
"""What a shell makes something else of, and a stack's file does not."""
_EXTRA = re.compile(r"[^*?\[\]]+\[(?!\w-\w\])[A-Za-z][\w.,-]+\]|[^*?\[\]]+\?")
"""What looks like a glob and mostly is none: `uvicorn[standard]`, and a method whose name ends with a question mark."""
_GLOB = re.compile(r"(?!-)[\w./~@+-]*(\*|\?|\[[^\]\s]+\])[\w./~@+*?\[\]-]*")


def shell_note(key: str, words: Sequence[str], *, takes_folder: bool) -> str:
    """Which words of the command under this key only a shell understands, and what to write; empty where none is.

    `takes_folder`: the service runs on the local target, and its file names no folder yet.
    Words that were quoted look as if they were not, so this is a hint and no fault.
    """
    if any(PurePosixPath(word).name in _SHELLS for word in words):
        return ""
    words = list(_split(words))
    special = list(dict.fromkeys(part for index, word in enumerate(words) for part in _special(words, index, word)))
    if not special:
        return ""
    listed = ", ".join(f"`{part}`" for part in special)
    advice = _advice(key, words, takes_folder=takes_folder)
    return f"{key} gets {listed} as it is written, for no shell reads it. Write {advice}"


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
    elif not _was_quoted(word):
        yield from (match[0] for match in _VARIABLE.finditer(word))
        if "`" in word:
            yield "a backtick"
        if word == "~" or word.startswith("~/"):
            yield "~"
        # Behind an option it is mostly meant as it stands: --forwarded-allow-ips '*'
        if _is_glob(word) and not words[index - 1].startswith("-"):
            yield word


def _was_quoted(word: str) -> bool:
    """Whether it had quotes for certain: with them it was mostly meant as it stands."""
    return bool(re.search(r"\s", word))


def _is_glob(word: str) -> bool:
    return bool(_GLOB.fullmatch(word)) and not _EXTRA.fullmatch(word)


def _advice(key: str, words: Sequence[str], *, takes_folder: bool) -> str:
    """`folder:` and `env:` for what they are there for, and a shell for the rest, which `exec` leaves.

    Both keys are the whole service's: a command `before` it gets neither.
    """
    keys, rest = list[str](), list(words)
    is_main = key == "command"
    if is_main and takes_folder and len(rest) > 3 and rest[0] == "cd" and rest[2] in ("&&", ";") and _is_below(rest[1]):
        keys.append(f"folder: {_yaml(rest[1])}")
        rest = rest[3:]
    if is_main and (count := _fixed_assignments(rest)):
        pairs = (word.partition("=") for word in rest[:count])
        keys.append(f"env: {{{', '.join(f'{name}: {_yaml(value, in_braces=True)}' for name, _, value in pairs)}}}")
        rest = rest[count:]
    is_plain = not any(True for index, word in enumerate(rest) for _ in _special(rest, index, word))
    command = shlex.join(rest) if is_plain else f"sh -c {_single_quoted(_script(rest))}"
    return " and ".join((*keys, f"{key}: {_yaml(command)}"))


def _is_below(folder: str) -> bool:
    """Whether it is a folder below the one that the command starts in, whatever the shell's variables are."""
    path = PurePosixPath(folder)
    return not (path.is_absolute() or ".." in path.parts or folder.startswith("-") or any(map(folder.count, _UNREAD)))


def _fixed_assignments(words: Sequence[str]) -> int:
    """How many variables are set in front of the only command of these words; none if a shell works out a value."""
    count = next((index for index, word in enumerate(words) if not _ASSIGNMENT.fullmatch(word)), 0)
    is_unread = any(mark in word for word in words[:count] for mark in _UNREAD)
    return 0 if is_unread or any(word in _JOINS for word in words) else count


def _yaml(text: str, *, in_braces: bool = False) -> str:
    """The text as YAML: as it stands where that is read as the same text, else in double quotes."""
    try:
        read = yaml.safe_load(f"{{k: {text}}}" if in_braces else f"k: {text}")
    except (yaml.YAMLError, ValueError):
        read = None
    same = isinstance(read, dict) and list(read) == ["k"] and str(read["k"]) == text
    return text if same else json.dumps(text, ensure_ascii=False)


def _script(words: Sequence[str]) -> str:
    """The words as a shell's script. Its last command takes the shell's place, so that signals reach it."""
    script, at_start, last = list[str](), True, 0
    for word in words:
        if at_start and (assignment := _ASSIGNMENT.fullmatch(word)):
            script.append(f"{assignment[1]}={_script_word(assignment[2]) if assignment[2] else ''}")
            last += 1
            continue
        script.append(word if at_start and word in _OWN_WORDS else _script_word(word))
        at_start = word in _JOINS
        last = len(script) if at_start else last
    is_piped = any(word in ("|", "|&", "&") for word in words)
    if not is_piped and last < len(words) and words[last] not in _OWN_WORDS:
        script.insert(last, "exec")
    return " ".join(script)


def _script_word(word: str) -> str:
    if word in _JOINS or _REDIRECTION.fullmatch(word):
        return word
    if (_VARIABLE.search(word) or "`" in word) and not _was_quoted(word):
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return word if _is_glob(word) or word == "~" or word.startswith("~/") else shlex.quote(word)


def _single_quoted(script: str) -> str:
    """In single quotes, as a person would write it."""
    return "'" + script.replace("'", "'\"'\"'") + "'"
