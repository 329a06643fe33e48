"""Whether a string is a pattern as Go's `filepath.Match` reads it, which is what `.dockerignore` asks of each."""

from infra_specs.builds.text import is_broken


def fault(pattern: str) -> str:
    """Why it is none, or an empty text."""
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "[":
            at, why = _set(pattern, at + 1)
            if why:
                return why
        elif letter == "\\":
            if at + 1 == len(pattern):
                return "a backslash at the end escapes nothing"
            at += 2
        else:
            at += 1
    return ""


def _set(pattern: str, at: int) -> tuple[int, str]:
    """Where a `[...]` that was opened ends, and what is wrong with it."""
    at += pattern.startswith("^", at)
    first = True
    while first or not pattern.startswith("]", at):
        first = False
        for number in range(2):
            at, why = _member(pattern, at)
            if why:
                return at, why
            if number or not pattern.startswith("-", at):
                break
            at += 1
    return at + 1, ""


def _member(pattern: str, at: int) -> tuple[int, str]:
    """The end of one letter of a set, and what is wrong with it. Something must follow it: a set has an end."""
    if at < len(pattern) and pattern[at] in "-]":
        return at, f"`{pattern[at]}` in a [...] needs a backslash before it, unless it ends the set or a range"
    at += pattern.startswith("\\", at)
    if at < len(pattern) and is_broken(pattern[at]):
        return at, "a [...] holds bytes that are not UTF-8"
    if at + 1 >= len(pattern):
        return at, "a [ has no ] that ends it"
    return at + 1, ""
