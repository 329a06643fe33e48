"""Find out whether a store takes backups, before somebody relies on it."""

from infra_specs.stackfile.models.stack import Stack
from tasks.backups.sealed import Vault

_PROBE = ".probe"


def probe(vault: Vault, stack: Stack) -> None:
    """Write a small file into the stack's store and remove it. Raises ProviderError with what the store refuses."""
    vault.store.files(stack.name)  # some servers make a bucket that is written to
    key = f"{stack.name}/{_PROBE}"
    vault.put(key, b"")
    vault.store.remove(key)
