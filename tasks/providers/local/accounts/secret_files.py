"""Secrets that are bytes: no variable can hold them, so a program is given each as a file, and its path."""

import os
from collections.abc import Mapping
from pathlib import Path

from tasks.providers.local.files import Owner, fresh_of
from tasks.providers.local.stack_folder import StackFolder


def environment(stack_folder: StackFolder, instance: str, env: Mapping[str, str | bytes]) -> dict[str, str]:
    """The environment of an instance, by its name among the settings. Bytes are in a file, for its account alone, that
    `<NAME>_FILE` names.

    The files lie with the instance's other settings, and are removed with them.
    """
    variables = {key: value for key, value in env.items() if isinstance(value, str)}
    for key, value in env.items():
        if isinstance(value, bytes):
            path = stack_folder.settings / f"{instance}.{key}"
            _write(path, value, stack_folder.owner)
            variables[f"{key}_FILE"] = str(path)
    return variables


def _write(path: Path, data: bytes, owner: Owner | None) -> None:
    """By rename, so that a program that starts again meanwhile reads all of it."""
    fresh = fresh_of(path)
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if owner:
            os.fchown(file.fileno(), *owner)
        file.write(data)
    fresh.rename(path)
