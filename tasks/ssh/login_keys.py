"""The private keys that log in: a file that the spec names, or those of an agent and of ~/.ssh."""

import base64
import struct
from binascii import Error as NotBase64
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from paramiko import Agent, ECDSAKey, Ed25519Key, RSAKey, SSHException

from infra_specs.errors import ProviderError
from tasks.base.daemon_pool import DaemonPool

USUAL_FILES = ("id_ed25519", "id_ecdsa", "id_rsa")
MOST_TRIES = 5
"""Keys that one login tries. sshd hangs up after six."""
AGENT_SECONDS = 5.0
"""How long an agent may take to list its keys."""
_BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_UNUSABLE = (SSHException, ValueError, TypeError, UnsupportedAlgorithm)


def login_keys(file: str | None) -> list[Any]:
    """The keys to try, in their order. Raises ProviderError if there is none, or the named one cannot be used."""
    if file is not None:
        return [_named_key(Path(file).expanduser())]
    keys = [*_agent_keys(), *_usual_keys()][:MOST_TRIES]
    if not keys:
        raise ProviderError(
            "no SSH key is there to log in with: no agent has one, and ~/.ssh has none without a passphrase. Add one "
            "to an agent (ssh-add), or name a file in the target's `key`."
        )
    return keys


def _named_key(path: Path) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ProviderError(f"the key {path} cannot be read: {error.strerror}. Name another in `key`.") from error
    if data.startswith((b"ssh-", b"ecdsa-")):
        raise ProviderError(f"{path} is the public half of a key. Name the private one, without .pub.")
    if _is_locked(data):
        return _agents_own(path, _public_half(data))
    try:
        return _key(path, data)
    except _UNUSABLE as error:
        raise ProviderError(
            f"{path} is no private key that can be used: Ed25519, ECDSA and RSA can. Name another in `key`."
        ) from error


def _key(path: Path, data: bytes) -> Any:
    """A key of paramiko's, with the certificate that lies beside its file. Raises one of `_UNUSABLE`."""
    try:
        private: Any = serialization.load_ssh_private_key(data, None)
    except ValueError:
        private = serialization.load_pem_private_key(data, None)
    key: Any
    if isinstance(private, ec.EllipticCurvePrivateKey):  # paramiko 5.1 cannot read some files of OpenSSH's
        key = ECDSAKey(vals=(private, private.public_key()))
    elif isinstance(private, rsa.RSAPrivateKey):
        key = RSAKey(key=private)
    else:
        key = Ed25519Key(file_obj=StringIO(data.decode()))
    certificate = path.with_name(f"{path.name}-cert.pub")
    if certificate.exists():
        key.load_certificate(str(certificate))
    return key


def _agents_own(path: Path, public: bytes | None) -> Any:
    """A key whose file has a passphrase is used through the agent that holds it."""
    for key in _agent_keys():
        if public is not None and key.asbytes() == public:
            return key
    raise ProviderError(f"the key {path} has a passphrase, and no agent holds it. Add it to one: ssh-add {path}")


def _agent_keys() -> tuple[Any, ...]:
    """Those of an agent that answers in time: paramiko itself waits for ever."""
    try:
        return DaemonPool(1, "ssh agent").submit(lambda: tuple(Agent().get_keys())).result(AGENT_SECONDS)
    except (SSHException, OSError, TimeoutError):
        return ()  # an agent that has ended, or hangs


def _usual_keys() -> Iterator[Any]:
    for name in USUAL_FILES:
        path = Path("~/.ssh").expanduser() / name
        try:
            if not _is_locked(data := path.read_bytes()):
                yield _key(path, data)
        except (OSError, *_UNUSABLE):
            continue  # another may do, and if none does that is said


def _is_locked(data: bytes) -> bool:
    """Whether a passphrase is needed to read a key's file."""
    fields = _openssh_fields(data)
    return fields[0] != b"none" if fields else b"ENCRYPTED" in data


def _public_half(data: bytes) -> bytes | None:
    """The public key, which a file of OpenSSH's holds in the clear."""
    fields = _openssh_fields(data)
    return fields[3] if fields else None


def _openssh_fields(data: bytes) -> list[bytes]:
    """Cipher, derivation, its options and the public key of a file of OpenSSH's; nothing of any other file."""
    text = data.decode("ascii", "replace").strip()
    if not text.startswith(_BEGIN):
        return []
    try:
        raw = base64.b64decode("".join(text.splitlines()[1:-1]), validate=True)
        rest, fields = raw.removeprefix(_MAGIC), list[bytes]()
        for number in range(4):
            rest = rest[4:] if number == 3 else rest  # how many keys there are: always one
            (length,) = struct.unpack(">I", rest[:4])
            fields.append(rest[4 : 4 + length])
            rest = rest[4 + length :]
    except (NotBase64, ValueError, struct.error):
        return []
    return fields
