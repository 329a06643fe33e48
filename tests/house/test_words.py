"""The names that were replaced by plain ones (`words.csv`) stay away, and their old meaning with them.

The third column says how much of a word is forbidden, for many of them are plain English:
`any`: every identifier and file name that has it as a part; `definition`: a class, a function or a file of exactly this
name; `class` and `file`: that alone. `in ROOM` keeps the rule to one room and its tests. Local variables are free.
"""

import ast
import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.house.names import Name, declarations, names_in

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]
FORBIDDEN_KINDS = {
    "any": {"class", "function", "parameter", "attribute", "module-level name", "file", "folder"},
    "definition": {"class", "function", "file", "folder"},
    "class": {"class"},
    "file": {"file", "folder"},
}


@dataclass(frozen=True)
class Rule:
    """One row of the table: the old word, the right one, how much is forbidden, and in which room."""

    old: str
    new: str
    strength: str
    room: str

    def forbids(self, name: Name) -> bool:
        in_room = self.room == "" or name.room.startswith(self.room + "/")
        return in_room and name.kind in FORBIDDEN_KINDS[self.strength] and self._matches(name.words)

    def _matches(self, words: tuple[str, ...]) -> bool:
        old = tuple(self.old.split("_"))
        if self.strength != "any":
            return words == old
        return any(words[start : start + len(old)] == old for start in range(len(words)))


def rules() -> list[Rule]:
    with (Path(__file__).parent / "words.csv").open(encoding="utf-8", newline="") as file:
        return [_rule(row["old"], row["new"], row["forbidden"]) for row in csv.DictReader(file)]


def _rule(old: str, new: str, forbidden: str) -> Rule:
    strength, _, room = forbidden.partition(" in ")
    return Rule(old, new, strength, room)


@cache
def names_by_word() -> dict[str, list[Name]]:
    names: defaultdict[str, list[Name]] = defaultdict(list)
    for name in names_in(ROOT):
        for word in set(name.words):
            names[word].append(name)
    return names


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: f"{rule.old} in {rule.room or 'all rooms'}")
def test_an_old_word_stays_away(rule: Rule) -> None:
    again = [
        f"{name.location}: the {name.kind} `{name.text}`: say {rule.new} in place of {rule.old} (tests/house/words.csv)"
        for name in names_by_word().get(rule.old.split("_")[0], ())
        if rule.forbids(name)
    ]
    if again:
        pytest.fail("\n".join(again), pytrace=False)


def test_each_rule_can_be_broken() -> None:
    for rule in rules():
        assert rule.strength in FORBIDDEN_KINDS, rule
        assert rule.room == "" or (ROOT / rule.room).is_dir(), f"{rule.old}: there is no room {rule.room}"
        kind = "class" if "class" in FORBIDDEN_KINDS[rule.strength] else "file"
        assert rule.forbids(Name(rule.old, kind, "", f"{rule.room}/new.py")), rule


@pytest.mark.parametrize(
    ("text", "words"),
    [("ScalingWish", ["scaling", "wish"]), ("_LAST_WORDS", ["last", "words"]), ("on_site", ["on", "site"])],
)
def test_a_name_is_read_by_its_words(text: str, words: list[str]) -> None:
    assert list(Name(text, "class", "", "").words) == words


def test_all_that_declares_is_seen_and_a_local_variable_is_not() -> None:
    source = """
import decimal as numbers
limit: int = 1
doubled = [2 * item for item in rows]
class Release:
    stateful: bool
    def __init__(self, address, *rest, slot=0, **more):
        local = [item for item in rest]
        self.address = address
        with address as (first, self.second): ...
def current(): ...
try: fast = True
except ImportError: fast = False
"""
    declared = {(text, kind) for text, kind, _ in declarations(ast.parse(source))}
    assert declared == {
        ("numbers", "module-level name"), ("limit", "module-level name"), ("doubled", "module-level name"),
        ("fast", "module-level name"), ("Release", "class"), ("stateful", "attribute"),
        ("__init__", "function"), ("self", "parameter"), ("address", "parameter"), ("rest", "parameter"),
        ("slot", "parameter"), ("more", "parameter"), ("address", "attribute"), ("second", "attribute"),
        ("current", "function"),
    }  # fmt: skip
