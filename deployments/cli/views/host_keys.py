"""The keys of hosts, and the questions about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import tenfold
from deployments.cli.terminal.output import lay, say
from deployments.cli.terminal.words import counted
from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.hosts import JumpHost
from tasks.ssh.known_hosts import HostKey


@dataclass(frozen=True, slots=True)
class KeyLook:
    """The key that a host shows, and the one that is stored for it."""

    key: HostKey | None
    stored: HostKey | None
    error: str = ""

    @property
    def is_new(self) -> bool:
        """Whether none is stored."""
        return self.key is not None and self.stored is None

    @property
    def is_changed(self) -> bool:
        """Whether another is stored."""
        return self.key is not None and self.stored is not None and self.key != self.stored


def look(shown: HostKey | ProviderError, stored: HostKey | None) -> KeyLook:
    """A host's key beside the stored one."""
    if isinstance(shown, ProviderError):
        return KeyLook(None, stored, str(shown))
    return KeyLook(shown, stored)


def show(to: Console, hosts: Sequence[JumpHost], looks: Mapping[str, KeyLook]) -> None:
    """A line for each host, and below them why some show no key."""
    rows = list[tuple[str, str, Text]]()
    for host in hosts:
        if host.fingerprint is not None:
            rows.append((host.name, host.fingerprint, Text("in the file", "dim")))
        elif (key := looks[host.name].key) is not None:
            rows.append((host.name, str(key), _state(looks[host.name])))
    lay(to, rows)
    for host_look in looks.values():
        if host_look.error:
            say(to, Text(host_look.error, "red"), indent=2)


def tell_stored(to: Console, keys: Mapping[str, HostKey]) -> None:
    """That keys were stored."""
    say(to, f"Stored {counted(len(keys), 'key')}: {', '.join(keys)}.")


def question(new: int) -> str:
    """Whether new keys may be stored."""
    return f"Store {counted(new, 'new key')}? Type yes once you have compared {'it' if new == 1 else 'them'}"


def changed_question(host: str) -> str:
    """Whether a changed key may be stored."""
    return f"Store the changed key of {host}? Only if it was installed anew: type {host}"


def nobody_to_ask(file: Path) -> str:
    """New keys, and nobody at the terminal."""
    return (
        f"Nothing was stored, for nobody can be asked. Say that you compared the keys: {tenfold()} hosts trust {file} "
        "--yes"
    )


def changed_unasked(names: Mapping[str, HostKey | None]) -> str:
    """Changed keys, and nobody at the terminal."""
    return (
        f"The key of {', '.join(names)} has changed, and only a person at a terminal can say that this is right. "
        "Nothing was stored."
    )


def _state(host_look: KeyLook) -> Text:
    if host_look.is_changed:
        return Text(f"CHANGED: it was {host_look.stored}", "bold red")
    return Text("new", "yellow") if host_look.is_new else Text("known", "green")
