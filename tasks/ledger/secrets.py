"""Secrets by stack, name and version, encrypted. A version never means two values, so it can be a fingerprint."""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from infra_specs.app_text.reader import app_lines
from infra_specs.errors import LedgerError
from tasks.base.known_secrets import known_secrets
from tasks.ledger import key
from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.tables import secrets

_WRITING = 2
_GENERATED_BYTES = 24
"""32 url-safe characters."""


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """The newest version of a secret, and when it was set (seconds since the epoch). Never its value."""

    name: str
    version: int
    since: float


class Secrets:
    """The secrets of every stack, encrypted with the key of a file outside the ledger."""

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self._key_file = key_file

    def set(self, stack: str, name: str, value: str | bytes) -> int:
        """Store a new version of a secret, encrypted. Returns its number. Earlier versions stay readable."""
        with self._database.write() as connection:
            self._database.alone(connection, _WRITING)
            return self._put(connection, stack, name, value)

    def ensure(self, lease: Lease, stack: str, name: str) -> int:
        """The newest version of a secret. A missing secret is generated: 32 random url-safe characters."""
        with self._database.write() as connection:
            guard(connection, lease)
            self._database.alone(connection, _WRITING)
            last = _last(connection, stack, name)
            if last is not None and last.token is not None:
                return int(last.version)
            return self._put(connection, stack, name, random.token_urlsafe(_GENERATED_BYTES))

    def remove(self, stack: str, name: str) -> None:
        """Erase every version of a secret; its numbers are not used again. Raises LedgerError for an unknown one."""
        match = (secrets.c.stack == stack) & (secrets.c.name == name) & secrets.c.token.is_not(None)
        with self._database.write() as connection:
            self._database.alone(connection, _WRITING)
            if not connection.execute(sa.update(secrets).where(match).values(token=None)).rowcount:
                raise _unknown(connection, stack, name)

    def value(self, stack: str, name: str, version: int) -> str | bytes:
        """The value of a secret. Raises LedgerError for an unknown secret, or when the key does not fit."""
        match = (secrets.c.stack == stack) & (secrets.c.name == name) & (secrets.c.version == version)
        with self._database.read() as connection:
            row = connection.execute(sa.select(secrets.c.token, secrets.c.binary).where(match)).one_or_none()
            if row is None or row.token is None:
                raise _unknown(connection, stack, f"{name} v{version}")
        return self._read(name, row.token, binary=row.binary)

    def learn(self, stack: str) -> None:
        """Register every stored secret of the stack for redaction in this process.

        Raises LedgerError when the key does not fit.
        """
        match = (secrets.c.stack == stack) & secrets.c.token.is_not(None)
        with self._database.read() as connection:
            rows = connection.execute(sa.select(secrets.c.name, secrets.c.token, secrets.c.binary).where(match)).all()
        for row in rows:
            if row.token not in known_secrets.tokens:
                self._read(row.name, row.token, binary=row.binary)

    def redacted(self, stack: str, text: str) -> str:
        """The text without any stored secret of the stack.

        If the secrets cannot be read, a sentence that says why, in place of the text.
        """
        try:
            self.learn(stack)
        except LedgerError as error:
            return _not_shown(error)
        return known_secrets.redacted(text)

    def shown_lines(self, stack: str, text: str) -> list[str]:
        """The lines of an app's text as `redacted` has it, each fit to be shown."""
        try:
            self.learn(stack)
        except LedgerError as error:
            return [_not_shown(error)]
        return app_lines(text, known_secrets.redaction)

    def versions(self, stack: str) -> dict[str, int]:
        """Secret name -> its newest version."""
        return {secret.name: secret.version for secret in self.newest(stack)}

    def kept(self, stack: str) -> dict[str, tuple[int, ...]]:
        """Secret name -> every version of it that can still be read, the newest last."""
        with self._database.read() as connection:
            return kept_versions(connection, stack)

    def newest(self, stack: str) -> tuple[SecretVersion, ...]:
        """The stack's secrets by name, without their values."""
        with self._database.read() as connection:
            return _there(connection, stack)

    def _read(self, name: str, token: str, *, binary: bool) -> str | bytes:
        data = key.decrypt(self._key_file, token)
        value = data if binary else data.decode()
        known_secrets.learn(name, value)
        known_secrets.tokens.add(token)
        return value

    def _put(self, connection: sa.Connection, stack: str, name: str, value: str | bytes) -> int:
        known_secrets.learn(name, value)
        previous = _last(connection, stack, name)
        version = int(previous.version) + 1 if previous else 1
        sample = connection.scalar(sa.select(secrets.c.token).where(secrets.c.token.is_not(None)).limit(1))
        data = value if isinstance(value, bytes) else value.encode()
        row = {"stack": stack, "name": name, "version": version, "binary": isinstance(value, bytes)}
        token = key.encrypt(self._key_file, data, sample)
        connection.execute(sa.insert(secrets).values(**row, token=token, since=self._database.now(connection)))
        return version


def _not_shown(error: LedgerError) -> str:
    return f"Not shown, since it may hold secrets that cannot be read now. {error}"


def kept_versions(connection: sa.Connection, stack: str) -> dict[str, tuple[int, ...]]:
    """As `Secrets.kept`, within a transaction that reads more."""
    rows = _kept(connection, stack)
    return {row.name: tuple(secret.version for secret in rows if secret.name == row.name) for row in rows}


def _last(connection: sa.Connection, stack: str, name: str) -> "sa.Row[tuple[int, str | None]] | None":
    match = sa.select(secrets.c.version, secrets.c.token).where(secrets.c.stack == stack, secrets.c.name == name)
    return connection.execute(match.order_by(secrets.c.version.desc()).limit(1)).one_or_none()


def _there(connection: sa.Connection, stack: str) -> tuple[SecretVersion, ...]:
    """The newest version of each secret. A removal erases all versions, so a version with a value is newer."""
    rows = _kept(connection, stack)
    return tuple({row.name: SecretVersion(row.name, row.version, row.since) for row in rows}.values())


def _kept(connection: sa.Connection, stack: str) -> "Sequence[sa.Row[tuple[str, int, float]]]":
    query = sa.select(secrets.c.name, secrets.c.version, secrets.c.since).where(
        secrets.c.stack == stack, secrets.c.token.is_not(None)
    )
    return connection.execute(query.order_by(secrets.c.name, secrets.c.version)).all()


def _unknown(connection: sa.Connection, stack: str, what: str) -> LedgerError:
    names = ", ".join(secret.name for secret in _there(connection, stack)) or "none yet"
    return LedgerError(f"{stack} has no secret `{what}`. Known: {names}. Set it with `tenfold secret set`.")
