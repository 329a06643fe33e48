"""What can be wrong with one stack of an installation: in the ledger, on the disk or at the target."""

import json
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

SICK = "sick"


@dataclass(frozen=True, slots=True)
class Installation:
    """Its home, and the sockets that a fault keeps open."""

    home: Path
    opened: list[socket.socket]

    def sql(self, statement: str, *values: Any) -> None:
        """Change the ledger behind everybody's back."""
        with closing(sqlite3.connect(self.home / "ledger.db")) as connection, connection:
            assert connection.execute(statement, values).rowcount, statement

    def spec(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change the sick stack's spec in the ledger."""
        with closing(sqlite3.connect(self.home / "ledger.db")) as connection, connection:
            ((text,),) = connection.execute("SELECT spec FROM stacks WHERE name = ?", (SICK,)).fetchall()
            spec = json.loads(text)
            change(spec)
            connection.execute("UPDATE stacks SET spec = ? WHERE name = ?", (json.dumps(spec), SICK))

    def on_docker(self, host: str) -> None:
        """The sick stack's spec says another engine from now on."""
        target = {"provider": "docker", "host": host}
        self.spec(lambda spec: (spec.update(target=target), spec["services"]["web"].update(image="shop:1")))
        self.sql("UPDATE stacks SET target = 'docker' WHERE name = ?", SICK)

    def on_local(self) -> None:
        """The sick stack's spec says this machine from now on."""
        self.spec(lambda spec: spec.update(target={"provider": "local"}))
        self.sql("UPDATE stacks SET target = 'local' WHERE name = ?", SICK)
        (self.home / "stacks" / SICK).mkdir(parents=True)


def hung_engine(here: Installation) -> None:
    """An engine that accepts and never answers."""
    path = here.home / "hung.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(100)
    here.opened.append(listening)
    here.on_docker(f"unix://{path}")


def broken_volume(here: Installation) -> None:
    here.on_local()
    folder = here.home / "stacks" / SICK / "volumes"
    folder.mkdir()
    (folder / "volume-web.data.1.json").write_text('{"labels": ')


def strange_volume(here: Installation) -> None:
    here.on_local()
    folder = here.home / "stacks" / SICK / "volumes"
    folder.mkdir()
    (folder / "volume-web.data.1.json").write_text('{"labels": {"address": 5}, "since": "x"}')


def broken_route(here: Installation) -> None:
    here.on_local()
    folder = here.home / "stacks" / SICK / "routes"
    folder.mkdir()
    (folder / "route-web.1.json").write_text('["a list"]')


def stack_folder_is_a_file(here: Installation) -> None:
    here.on_local()
    (here.home / "stacks" / SICK).rmdir()
    (here.home / "stacks" / SICK).write_text("a file")


def broken_users(here: Installation) -> None:
    folder = here.home / "memory" / "load"
    folder.mkdir(exist_ok=True)
    (folder / f"{SICK}.json").write_text("{")


def _release(content: str) -> Callable[[Installation], None]:
    return lambda here: here.sql("UPDATE releases SET content = ? WHERE stack = ?", content, SICK)


def _remembered(column: str, text: str) -> Callable[[Installation], None]:
    return lambda here: here.sql(f"UPDATE remembered SET {column} = ? WHERE stack = ?", text, SICK)


def _spec(text: str) -> Callable[[Installation], None]:
    return lambda here: here.sql("UPDATE stacks SET spec = ? WHERE name = ?", text, SICK)


NEWER_CONTENT = '{"services": {"web": {"commands": ["a new key"]}}, "secrets": {}, "manifest": 9}'

faults: dict[str, Callable[[Installation], None]] = {
    "the spec is no JSON": _spec('{"name": "sick", '),
    "the spec is a list": _spec("[1, 2]"),
    "the spec is nothing": _spec("null"),
    "the spec lacks its target": lambda here: here.spec(lambda spec: spec.pop("target")),
    "the spec has a value of a wrong type": lambda here: here.spec(lambda spec: spec.update(headroom="ten")),
    "the spec has a target of a later version": lambda here: here.spec(
        lambda spec: spec.update(target={"provider": "moon"})
    ),
    "the spec has a number that is refused now": lambda here: here.spec(
        lambda spec: spec["services"]["web"].update(capacity=1e-309)
    ),
    "the spec is another stack's": lambda here: here.spec(lambda spec: spec.update(name="other")),
    "a secret is missing that no release has yet": lambda here: here.spec(
        lambda spec: (spec.update(budget=100), spec["services"]["web"].update(env={"KEY": {"secret": "none"}}))
    ),
    "a certificate's secret is missing": lambda here: here.spec(
        lambda spec: spec.update(budget=100, tls={"certificate": {"secret": "c"}, "key": {"secret": "k"}})
    ),
    "the engine hangs": hung_engine,
    "the engine is gone": lambda here: here.on_docker(f"unix://{here.home}/none.sock"),
    "the engine's host is unknown": lambda here: here.on_docker("tcp://engine.invalid:2375"),
    "a volume's record is broken": broken_volume,
    "a volume's record says something else": strange_volume,
    "a route's record says something else": broken_route,
    "the stack's folder is a file": stack_folder_is_a_file,
    "a release is no JSON": _release('{"services": '),
    "a release is of another form": _release('{"programs": []}'),
    "a release is a text": _release('"text"'),
    "a release is of a later version": _release(NEWER_CONTENT),
    "what a check remembers is no JSON": _remembered("memory", "{"),
    "what a check remembers is a list": _remembered("memory", "[1]"),
    "readings are no JSON": _remembered("readings", "nothing"),
    "decisions are no JSON": lambda here: here.sql("UPDATE decisions SET data = '{' WHERE stack = ?", SICK),
    "decisions are a list": lambda here: here.sql("UPDATE decisions SET data = '[]' WHERE stack = ?", SICK),
    "samples are no JSON": lambda here: here.sql("UPDATE samples SET windows = '[[' WHERE stack = ?", SICK),
    "samples are texts": lambda here: here.sql("UPDATE samples SET windows = '[\"a\"]' WHERE stack = ?", SICK),
    "measurements are texts": lambda here: here.sql("UPDATE measurements SET in_flight = 'x' WHERE stack = ?", SICK),
    "a plan is no JSON": lambda here: here.sql("UPDATE runs SET plan = '{' WHERE stack = ?", SICK),
    "a change has no address": lambda here: here.sql(
        "UPDATE changes SET address = 'replica/?' WHERE run IN (SELECT id FROM runs WHERE stack = ?)", SICK
    ),
    "the lock's owner is no JSON": lambda here: here.sql("UPDATE locks SET owner = '{' WHERE stack = ?", SICK),
    "its secrets are gone": lambda here: here.sql("DELETE FROM secrets WHERE stack = ?", SICK),
    "a secret cannot be decrypted": lambda here: here.sql("UPDATE secrets SET token = 'x' WHERE stack = ?", SICK),
    "the source folder is gone": lambda here: here.sql("UPDATE stacks SET source = '/none' WHERE name = ?", SICK),
    "the users of the pretended world are no JSON": broken_users,
}  # fmt: skip

Verb = Literal["status", "advise", "autoscale", "advise run", "reconcile"]
EVERYBODY: frozenset[Verb] = frozenset({"status", "advise", "autoscale", "advise run", "reconcile"})
WHO_PLANS: frozenset[Verb] = frozenset({"status", "reconcile"})
WHO_ASKS_FOR_SIZES: frozenset[Verb] = frozenset({"status", "advise", "advise run", "reconcile"})
WHO_MEASURES: frozenset[Verb] = frozenset({"autoscale"})
NOBODY: frozenset[Verb] = frozenset()

named_by: dict[str, frozenset[Verb]] = {
    "the spec is no JSON": EVERYBODY,
    "the spec is a list": EVERYBODY,
    "the spec is nothing": EVERYBODY,
    "the spec lacks its target": EVERYBODY,
    "the spec has a value of a wrong type": EVERYBODY,
    "the spec has a target of a later version": EVERYBODY,
    "the spec has a number that is refused now": EVERYBODY,
    "the spec is another stack's": EVERYBODY,
    "a secret is missing that no release has yet": NOBODY,
    "its secrets are gone": NOBODY,
    "a certificate's secret is missing": WHO_PLANS,
    "the engine hangs": EVERYBODY,
    "the engine is gone": EVERYBODY,
    "the engine's host is unknown": EVERYBODY,
    "a volume's record is broken": WHO_ASKS_FOR_SIZES,
    "a volume's record says something else": WHO_ASKS_FOR_SIZES,
    "a route's record says something else": WHO_PLANS,
    "the stack's folder is a file": EVERYBODY,
    "a release is no JSON": WHO_PLANS,
    "a release is of another form": WHO_PLANS,
    "a release is a text": WHO_PLANS,
    "a release is of a later version": WHO_PLANS,
    "what a check remembers is no JSON": NOBODY,
    "what a check remembers is a list": NOBODY,
    "readings are no JSON": NOBODY,
    "decisions are no JSON": NOBODY,
    "decisions are a list": NOBODY,
    "samples are no JSON": NOBODY,
    "samples are texts": NOBODY,
    "measurements are texts": NOBODY,
    "a plan is no JSON": NOBODY,
    "a change has no address": NOBODY,
    "the lock's owner is no JSON": NOBODY,
    "a secret cannot be decrypted": NOBODY,
    "the source folder is gone": NOBODY,
    "the users of the pretended world are no JSON": WHO_MEASURES,
}  # fmt: skip
"""Who needs what is broken, and so says it and fails: `status` and `advise` end with 1, `reconcile` fails, and runs on
a timer complete. What a check can learn again is nobody's fault, and neither is what a stack does not need now."""
