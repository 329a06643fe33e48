"""The roles of a PostgreSQL, as pg_dumpall writes them: the statements that make those which another server lacks."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tasks.providers.postgres.psql import literal

_PIECE = re.compile(r"""E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|^--[^\n]*|^\\[^\n]*|;|.""", re.S | re.M)
"""A text, a name, a comment, a command of psql, the end of a statement, or one sign."""
_WORD = re.compile(r"""E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s"';,]+|,""", re.S)
_ABOUT_A_ROLE = (("CREATE", "ROLE"), ("ALTER", "ROLE"), ("COMMENT", "ON", "ROLE"))


@dataclass(frozen=True, slots=True)
class RoleStatement:
    """A statement about roles. `without_grantor`: a membership as whoever restores it may grant it; else empty."""

    text: str
    roles: tuple[str, ...]
    without_grantor: str = ""

    @property
    def tolerant(self) -> str:
        """The same for a server that does not know who granted a membership, or gave that role no such right."""
        if not self.without_grantor:
            return self.text
        body = (
            f"BEGIN EXECUTE {literal(self.text)}; "
            "EXCEPTION WHEN insufficient_privilege OR undefined_object OR invalid_grant_operation THEN "
            f"EXECUTE {literal(self.without_grantor)}; END"
        )
        return f"DO {literal(body)}"


def statements_for_missing(dump: str, present: Collection[str]) -> tuple[str, ...]:
    """The statements about roles that are not `present`: what makes them, and who is a member of whom.

    A membership between two roles that are present is theirs, and stays as it is.
    """
    return tuple(
        statement.tolerant
        for text in _statements(dump)
        if (statement := _about(text)) and not set(statement.roles) <= set(present)
    )


def _statements(dump: str) -> Iterator[str]:
    """The statements without comments, and without what is said to psql."""
    text = ""
    for match in _PIECE.finditer(dump):
        piece = match[0]
        if piece == ";":
            yield text.strip()
            text = ""
        elif not piece.startswith(("--", "\\")):
            text += piece


def _about(text: str) -> RoleStatement | None:
    """What a statement is about; None for one that is about no role."""
    words = _WORD.findall(text)
    for beginning in _ABOUT_A_ROLE:
        if tuple(words[: len(beginning)]) == beginning:
            return RoleStatement(text, (_name(words[len(beginning)]),))
    if not words or words[0] != "GRANT" or "TO" not in words:
        return None
    to = words.index("TO")
    if "PARAMETER" in words[:to]:
        return RoleStatement(text, (_name(words[to + 1]),))
    granted = re.search(r"\s+GRANTED BY\s+(?:\"(?:[^\"]|\"\")*\"|\S+)\s*$", text)
    plain = text[: granted.start()] if granted else ""
    return RoleStatement(text, (_name(words[1]), _name(words[to + 1])), plain)


def _name(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word
