"""The key that secrets are encrypted with: a file outside the ledger, so that neither alone tells anything."""

from pathlib import Path

from infra_specs.errors import LedgerError
from tasks.base.atomic_write import make_once


def encrypt(key_file: Path, value: bytes, sample: str | None) -> str:
    """`value` as a token. `sample` is any token that is already in the ledger, which the key must open too.

    Without a sample the key is made if it is not there, once, whoever else is at it at the same moment.
    """
    from cryptography.fernet import Fernet  # noqa: PLC0415 - 40 ms that most commands do not need

    if sample is None:
        _make(key_file)
    else:
        decrypt(key_file, sample)
    return Fernet(_read(key_file)).encrypt(value).decode()


def decrypt(key_file: Path, token: str) -> bytes:
    """The value of a token. Raises LedgerError when the key is lost, broken or another's."""
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415

    try:
        return Fernet(_read(key_file)).decrypt(token)
    except (InvalidToken, ValueError):
        raise LedgerError(
            _advice(f"The key in {key_file} is not the one that the ledger's secrets were made with.")
        ) from None


def _read(key_file: Path) -> bytes:
    try:
        return key_file.read_bytes().strip()
    except FileNotFoundError:
        raise LedgerError(_advice(f"The key of the ledger's secrets, {key_file}, is gone.")) from None
    except OSError as error:
        raise LedgerError(f"The key of the ledger's secrets, {key_file}, cannot be read: {error.strerror}.") from error


def _make(key_file: Path) -> None:
    """A new key, once: who comes second keeps the first one's."""
    from cryptography.fernet import Fernet  # noqa: PLC0415

    if key_file.exists():
        return
    try:
        key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_once(key_file, Fernet.generate_key() + b"\n")
    except OSError as error:
        raise LedgerError(f"The key of the ledger's secrets, {key_file}, cannot be made: {error.strerror}.") from error


def _advice(what: str) -> str:
    return (
        f"{what} Put the right file back (from a backup, or from another machine that shares this ledger) or name it "
        "in TENFOLD_KEY_FILE. If lost for good, so are the secrets: `tenfold secret remove` each, and set it again."
    )
