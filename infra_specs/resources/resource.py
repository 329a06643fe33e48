"""What is wanted: a resource, its settings, and its fingerprint.

A setting may refer to what is known only after another resource exists (`Ref`), to a secret (`SecretRef`), or be a
text made of both (`Template`). Fingerprints hash the reference and never the value, so a plan holds no secret and
stays the same when a generated port differs.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from infra_specs.resources.patience import Patience


@dataclass(frozen=True, slots=True)
class Ref:
    """An output of another resource, as in `database/main.port`; known once that resource exists."""

    address: str
    output: str

    def __str__(self) -> str:
        return f"{self.address}.{self.output}"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret of the stack, kept in the ledger. A new version of it is a new setting."""

    secret: str
    version: int = 1

    def __str__(self) -> str:
        return f"secret {self.secret} v{self.version}"


@dataclass(frozen=True, slots=True)
class Template:
    """A text with `{name}` places, each filled from `values`: `postgresql://app:{password}@{host}:{port}/app`."""

    template: str
    values: Mapping[str, "Ref | SecretRef | str"]


Setting: TypeAlias = (
    "str | bytes | int | float | bool | Ref | SecretRef | Template | Sequence[Setting] | Mapping[str, Setting] | None"
)
"""`bytes` only once resolved: a secret that is no text."""
Reference: TypeAlias = Ref | SecretRef


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that a target shall hold, wanted by a stack.

    `address` says which one (`replica/web-0`), unique in its stack; `fingerprint` what it is. `settings` are what the
    kind understands. `mutable` names the settings that this kind can change in place on this target. `after` are
    addresses that must be healthy first, beyond those that the settings refer to. `stateful`: data lives in it, so a
    plan never replaces or destroys it by itself. `singleton`: it cannot stand beside its predecessor (it holds a
    volume or a fixed port), so the old one goes first. `drain_seconds`: how long requests still running in it are
    waited for before it is destroyed. `patience`: how long a copy that serves is waited for; None for anything else.
    """

    stack: str
    address: str
    kind: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    mutable: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    stateful: bool = False
    singleton: bool = False
    drain_seconds: float = 0.0
    patience: Patience | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    """Setting name -> a short hash of its unresolved value; computed, never given."""
    bindings: Mapping[str, str] = field(default_factory=dict)
    """Reference -> the value it had when the settings were resolved; empty until then, and never a secret."""

    def __post_init__(self) -> None:
        if not self.digests:
            digests = {name: _digest(canonical(value)) for name, value in sorted(self.settings.items())}
            object.__setattr__(self, "digests", digests)

    @property
    def fingerprint(self) -> str:
        """12 hexadecimal digits over the kind and every unresolved setting."""
        return _digest([self.kind, dict(self.digests)])

    @property
    def dependencies(self) -> tuple[str, ...]:
        """The addresses that must be there before this one, each once, in a stable order."""
        addresses = dict.fromkeys(self.after)
        addresses.update(dict.fromkeys(ref.address for ref in references(self.settings) if isinstance(ref, Ref)))
        return tuple(addresses)

    def resolved(self, value_of: Callable[[Reference], str | bytes]) -> "Resource":
        """The same resource, fingerprint included, with every reference replaced by its value."""
        bindings = {str(ref): str(value_of(ref)) for ref in references(self.settings) if isinstance(ref, Ref)}
        settings = {name: _resolve(value, value_of) for name, value in self.settings.items()}
        return replace(self, settings=settings, after=self.dependencies, bindings=bindings)


def references(value: Setting) -> Iterator[Reference]:
    """Every reference inside a setting, depth first."""
    if isinstance(value, Ref | SecretRef):
        yield value
    elif isinstance(value, Template):
        yield from references(value.values)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from references(item)


def canonical(value: Setting) -> Any:
    """A setting as plain JSON data with references by name: what is hashed, stored and shown."""
    if isinstance(value, Ref):
        return {"ref": str(value)}
    if isinstance(value, SecretRef):
        return {"secret": value.secret, "version": value.version}
    if isinstance(value, Template):
        return {"template": value.template, "values": canonical(value.values)}
    if isinstance(value, Mapping):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [canonical(item) for item in value]
    return value


def _resolve(value: Setting, value_of: Callable[[Reference], str | bytes]) -> Setting:
    if isinstance(value, Ref | SecretRef):
        return value_of(value)
    if isinstance(value, Template):
        return value.template.format(**{name: _resolve(item, value_of) for name, item in value.values.items()})
    if isinstance(value, Mapping):
        return {key: _resolve(item, value_of) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_resolve(item, value_of) for item in value]
    return value


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
