"""The files of a service as secrets of the Swarm: only the hosts that run it get them, and keep them in memory."""

import hashlib
from collections.abc import Mapping

from tasks.providers.docker.labels import PART_LABEL, Labels, host_of
from tasks.providers.swarm.managers import Managers
from tasks.providers.swarm.service_spec import SCRIPT_SUFFIX

PART = "secret"


class Secrets:
    """The secrets of every stack. Their names say whose they are, and nothing of what is in them."""

    def __init__(self, managers: Managers) -> None:
        self._managers = managers

    def make(self, stack: str, labels: Labels, files: Mapping[str, str | bytes]) -> dict[str, tuple[str, str]]:
        """Name of a file -> name and id of its secret, made if need be. `labels`: of the instance that has them.

        A secret that a killed run left for this incarnation has what that run knew, so it is made anew.
        """
        if not files:
            return {}
        own = {**{name: labels[name] for name in _KEPT_LABELS}, PART_LABEL: PART}
        names = {file: _name(stack, labels, file, data) for file, data in files.items()}
        self._remove_unused(stack, set(names.values()))
        for file, data in files.items():
            content = data if isinstance(data, bytes) else data.encode()
            self._managers.make(
                lambda engine, name=names[file], content=content: engine.create_secret(name, content, own)  # type: ignore[misc]
            )
        ids = {secret["Spec"]["Name"]: secret["ID"] for secret in self._managers.secrets(stack)}
        return {file: (name, ids[name]) for file, name in names.items()}

    def remove_others(self, stack: str, used: set[str]) -> None:
        """Remove the secrets of a stack that are none of these, by their ids. In use all the same: it stays."""
        for secret in self._managers.secrets(stack):
            if secret["ID"] not in used:
                self._remove(secret["ID"])

    def _remove_unused(self, stack: str, names: set[str]) -> None:
        for secret in self._managers.secrets(stack):
            if secret["Spec"]["Name"] in names:
                self._remove(secret["ID"])

    def _remove(self, id: str) -> None:
        self._managers.remove_unless_used(lambda engine: engine.remove_secret(id))


_KEPT_LABELS = ("tenfold.stack", "tenfold.address", "tenfold.incarnation")


def _name(stack: str, labels: Labels, file: str, data: str | bytes) -> str:
    """`tenfold_6f1c…`: of stack, address, incarnation and file alone, which a name of the Swarm cannot always spell."""
    words = (stack, labels["tenfold.address"], labels["tenfold.incarnation"], file)
    digits = hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]
    short = host_of(labels["tenfold.address"]).replace(".", "-")[:30]
    is_script = data.startswith(b"#!" if isinstance(data, bytes) else "#!")  # type: ignore[arg-type]
    return f"tenfold_{short}_{digits}{SCRIPT_SUFFIX if is_script else ''}"
