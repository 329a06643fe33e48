"""Secrets that are bytes: no variable can hold them, so a program is given each as a file, and its path."""

from collections.abc import Mapping

from tasks.base.atomic_write import replace_file
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
            # By rename, so that a program that starts again meanwhile reads all of it.
            replace_file(path, value, owner=stack_folder.owner)
            variables[f"{key}_FILE"] = str(path)
    return variables
