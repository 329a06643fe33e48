"""The backups in a store: which there are, what each holds, and what its proof said."""

import hashlib
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

from infra_specs.backup.manifest import Manifest, from_json, lacking, to_json
from infra_specs.backup.names import moment_of
from infra_specs.backup.state import Backup, State
from infra_specs.errors import BackupFault, PlanError
from infra_specs.stackfile.models.stack import Stack
from tasks.backups.sealed import Vault, identity_of
from tasks.backups.store import FolderStore, Store
from tasks.ledger import Ledger

_BUCKETS = "tasks.backups.s3"
_MANIFEST, _VERDICT = "manifest.age", "proof.age"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the last proof of a backup. `manifest`: the SHA-256 of the manifest that was proven."""

    state: State
    reason: str
    moment: float
    manifest: str


_VERDICT_JSON = TypeAdapter(Verdict)


def open_vault(ledger: Ledger, stack: Stack, home: Path) -> Vault:
    """The store that a stack's file names, with the key of this installation. Raises LedgerError for missing keys."""
    return Vault(_store(ledger, stack, home), identity_of(home))


def place_of(stack: Stack, home: Path) -> str:
    """Where a stack's store is: a folder or a bucket."""
    return stack.backup.to or str(home / "backups")


def _store(ledger: Ledger, stack: Stack, home: Path) -> Store:
    rules = stack.backup
    if not rules.is_bucket or rules.to is None or rules.keys is None:
        return FolderStore(Path(place_of(stack, home)), is_ours=rules.to is None)
    name = rules.keys.secret
    keys = ledger.secrets.value(stack.name, name, ledger.secrets.versions(stack.name).get(name, 1))
    opened = import_module(_BUCKETS).open_store  # by its name: the SDK is loaded where a bucket is named
    return cast("Store", opened(rules.to, keys if isinstance(keys, str) else "", rules.endpoint, rules.region))


def key_of(stack: str, backup: str, file: str) -> str:
    """The key of a file of a backup."""
    return f"{stack}/{backup}/{file}"


def backups(vault: Vault, stack: str) -> tuple[Backup, ...]:
    """The backups of a stack, the newest first. One that cannot be read has failed; half a one is none."""
    return tuple(_backup(vault, stack, name) for name in names(vault, stack))


def names(vault: Vault, stack: str) -> tuple[str, ...]:
    """The names of the stack's backups, the newest first. Half a backup, without a manifest, has none."""
    parts = (key.split("/") for key in vault.store.files(stack))
    named = (part[1] for part in parts if len(part) == 3 and part[2] == _MANIFEST)
    return tuple(sorted((name for name in named if moment_of(name) is not None), reverse=True))


def newest_proven_in(vault: Vault, stack: str) -> Backup | None:
    """The newest backup that counts, found without reading the older ones."""
    return next(
        (backup for name in names(vault, stack) if (backup := _backup(vault, stack, name)).state == "proven"), None
    )


def find(vault: Vault, stack: str, name: str) -> Backup:
    """The backup of this name; the newest proven one if the name is empty. Raises PlanError with what there is."""
    known = names(vault, stack)
    if name and name in known:
        return _backup(vault, stack, name)
    if not name and (newest := newest_proven_in(vault, stack)):
        return newest
    listed = f"There are: {', '.join(known)}." if known else "It has none."
    if name:
        raise PlanError(f"{stack} has no backup `{name}`. {listed}")
    raise PlanError(f"{stack} has no proven backup. {listed} See why: tenfold backups {stack}")


def read_manifest(vault: Vault, stack: str, name: str) -> Manifest:
    """What a backup holds. Raises BackupFault for a manifest that cannot be trusted or is another backup's."""
    return _read(vault, stack, name)[0]


def write_manifest(vault: Vault, manifest: Manifest) -> None:
    """The last file of a backup: from now on there is one."""
    vault.put(key_of(manifest.stack, manifest.name, _MANIFEST), to_json(manifest))


def write_verdict(vault: Vault, manifest: Manifest, state: State, reason: str, moment: float) -> None:
    """What came of a proof, in place of what came of an earlier one.

    Raises BackupFault if the store has another manifest by now than the one that was proven.
    """
    stored, digest = _read(vault, manifest.stack, manifest.name)
    if stored != manifest:
        raise BackupFault(f"the manifest of {manifest.name} was changed while it was proven")
    verdict = Verdict(state, reason, moment, digest)
    vault.put(key_of(manifest.stack, manifest.name, _VERDICT), _VERDICT_JSON.dump_json(verdict))


def remove(vault: Vault, stack: str, name: str) -> None:
    """Remove a backup, its manifest first: from then on there is none, whatever is left."""
    for key in sorted(vault.store.files(f"{stack}/{name}"), key=lambda key: not key.endswith(f"/{_MANIFEST}")):
        vault.store.remove(key)


def remove_halves(vault: Vault, stack: str) -> None:
    """Remove what killed backups left, which has no manifest. Nobody may write a backup of the stack meanwhile."""
    whole = set(names(vault, stack))
    vault.store.sweep(stack)
    for key in vault.store.files(stack):
        parts = key.split("/")
        if len(parts) == 3 and parts[1] not in whole and moment_of(parts[1]) is not None:
            vault.store.remove(key)


def _backup(vault: Vault, stack: str, name: str) -> Backup:
    began = moment_of(name) or 0.0
    try:
        manifest, digest = _read(vault, stack, name)
    except BackupFault as fault:
        return Backup(name, began, "failed", str(fault), is_readable=False)
    written = Backup(name, began, "written", "nobody has restored it yet", manifest.size, fall=manifest.fall)
    if lack := lacking(manifest, vault.store.files(f"{stack}/{name}")):
        return replace(written, state="failed", reason=lack)
    try:
        verdict = _VERDICT_JSON.validate_json(vault.get(key_of(stack, name, _VERDICT)))
    except BackupFault:
        return written
    except ValidationError:
        return replace(written, reason="its proof cannot be read")
    if verdict.manifest != digest:
        return replace(written, state="failed", reason="its manifest is not the one that was proven")
    return replace(written, state=verdict.state, reason=verdict.reason)


def _read(vault: Vault, stack: str, name: str) -> tuple[Manifest, str]:
    """The manifest and the SHA-256 of its bytes: another version of Tenfold may write the same in others."""
    data = vault.get(key_of(stack, name, _MANIFEST))
    manifest = from_json(data)
    if (manifest.stack, manifest.name) != (stack, name):
        raise BackupFault(f"it is the backup {manifest.name} of {manifest.stack}, and was moved here")
    return manifest, hashlib.sha256(data).hexdigest()
