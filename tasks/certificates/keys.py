"""Private keys, and the secrets of the ledger that hold them: of accounts, of orders, and with their certificates."""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra_specs.errors import LedgerError
from tasks.run.context import RunContext
from tasks.run.fence import call_fenced


def new_key() -> str:
    """A private key in PEM, ECDSA on P-256: of an account, or of a certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def account_secret(directory: str, email: str) -> str:
    """The secret with the key of an account: one for each authority and address."""
    return f"tls-account-{hashlib.sha256(f'{directory} {email}'.encode()).hexdigest()[:12]}"


def key_secret(host: str) -> str:
    """The secret with the key of a certificate to come."""
    return f"tls-key-{host}"


def account_key(context: RunContext, directory: str, email: str) -> str:
    """The key of the account, made and stored the first time."""
    name = account_secret(directory, email)
    version = context.ledger.secrets.versions(context.stack).get(name)
    return text_of(context, name, version) if version is not None else stored(context, name, new_key())[1]


def stored(context: RunContext, name: str, value: str) -> tuple[int, str]:
    """Store a new version of a secret, under the lock. Returns its number and the value."""
    ledger = context.ledger
    return call_fenced(ledger, context.lease, lambda: ledger.secrets.set(context.stack, name, value)), value


def text_of(context: RunContext, name: str, version: int) -> str:
    """The value of a secret that is a text. Raises LedgerError for any other."""
    value = context.ledger.secrets.value(context.stack, name, version)
    if isinstance(value, bytes):
        raise LedgerError(f"{context.stack}: the secret {name} is no text, and Tenfold wrote one. Remove it.")
    return value


def forget(context: RunContext, name: str) -> None:
    """Erase every version of a secret. Gone already: nothing."""
    if name in context.ledger.secrets.versions(context.stack):
        call_fenced(context.ledger, context.lease, lambda: context.ledger.secrets.remove(context.stack, name))
