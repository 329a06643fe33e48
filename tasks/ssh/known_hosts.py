"""The keys of hosts that a person has looked at, in a file of the installation's home that OpenSSH can read, too."""

import base64
import fcntl
import hashlib
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from tasks.base.atomic_write import replace_file

FILE = "known_hosts"
KINDS = {
    "ssh-ed25519": "ED25519",
    "ecdsa-sha2-nistp256": "ECDSA",
    "ecdsa-sha2-nistp384": "ECDSA",
    "ecdsa-sha2-nistp521": "ECDSA",
    "ssh-rsa": "RSA",
}
"""Types of keys, and what `ssh-keygen -lf` calls them."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """The public key by which a host is known."""

    type: str
    """As in known_hosts: `ssh-ed25519`."""
    data: bytes

    @classmethod
    def of(cls, key: Any) -> "HostKey":
        """That of a key of paramiko's."""
        return cls(key.get_name(), key.asbytes())

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -lf` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.data).digest()).decode().rstrip("=")

    def __str__(self) -> str:
        return f"{KINDS.get(self.type, self.type)} {self.fingerprint}"


class KnownHosts:
    """The file. It is read anew each time, since another process may have stored a key."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    def key(self, name: str) -> HostKey | None:
        """The key that is stored for a host's name (`10.0.0.11`, `[10.0.0.11]:2222`). ProviderError if the file cannot
        be read."""
        return self._read().get(name)

    def store(self, keys: Mapping[str, HostKey]) -> None:
        """Store these keys by their hosts' names, each in the place of an earlier one. Raises OSError."""
        with self._alone():
            known = {**self._read(), **keys}
            lines = (f"{name} {key.type} {base64.b64encode(key.data).decode()}\n" for name, key in known.items())
            replace_file(self._path, "".join(lines).encode())

    def _read(self) -> dict[str, HostKey]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise ProviderError(f"{self._path} cannot be read: {error}. It holds the keys of your hosts.") from error
        entries = (self._entry(number, line) for number, line in enumerate(lines, 1) if line.strip())
        return {name: key for name, key in entries if name}

    def _entry(self, number: int, line: str) -> tuple[str, HostKey]:
        if line.lstrip().startswith("#"):
            return "", HostKey("", b"")
        try:
            name, kind, text = line.split()[:3]
            return name, HostKey(kind, base64.b64decode(text, validate=True))
        except (ValueError, NotBase64):
            raise ProviderError(
                f"{self._path}:{number} is no line of a known_hosts file. Remove it, and store the host's key again: "
                "tenfold hosts trust FILE"
            ) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._path.with_name(f".{FILE}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
