"""The ports that a stack's proxy had, for its successor: people keep the address that they have.

They are the label of an empty volume, a part of the proxy, which goes with the stack's last container and route.
"""

import json
import random
from collections.abc import Mapping

from infra_specs.resources.resource import Setting
from tasks.providers.docker.containers.removal import ignore_missing
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.labels import PART_LABEL, PORTS_LABEL, name_of, part_of
from tasks.providers.docker.proxy.ports import ProxyPorts, behind_front

FIRST_PORT, LAST_PORT = 20_000, 31_999
"""Below the ports that Linux gives to outgoing connections, which would take one between two starts."""


class KeptPorts:
    """Of every stack of one engine."""

    def __init__(self, api: Engine) -> None:
        self._api = api

    def of(self, stack: str) -> ProxyPorts | None:
        """What the stack's last proxy had; None if there was none, or if others took it."""
        labels = (volume["Labels"] or {} for volume in self._api.volumes_of(stack))
        texts = [own[PORTS_LABEL] for own in labels if own.get(PART_LABEL) == "proxy" and PORTS_LABEL in own]
        return ports_in(texts[0]) if texts else None

    def keep(self, stack: str, ports: ProxyPorts) -> None:
        """Remember them. No label can be changed: another volume takes the place of the old one."""
        if self.of(stack) == ports:
            return
        self.forget(stack)
        own = [port if port in ports.held else None for port in (ports.public, ports.redirect)]
        labels = {**part_of(stack, "proxy"), PORTS_LABEL: json.dumps([ports.port, *own])}
        self._api.create_volume(_name(stack), labels=labels)

    def forget(self, stack: str) -> None:
        """Forgotten already: success."""
        ignore_missing(lambda: self._api.remove_volume(_name(stack)))


def chosen_ports(settings: Mapping[str, Setting], kept: ProxyPorts | None) -> ProxyPorts:
    """The ports of a new proxy: those that its settings name, else those that were kept, else others.

    They are chosen here and not by the engine, which would choose anew at every start.
    """
    kept = kept or ProxyPorts(0)
    port = _port(settings["port"], kept.port)
    if not settings["public"]:
        return ProxyPorts(port)
    redirect = settings.get("redirect")
    ports = ProxyPorts(port, _port(settings["public_port"], kept.public), _port(redirect, None) if redirect else None)
    return behind_front(ports, settings)


def ports_in(text: str) -> ProxyPorts | None:
    """The ports that a label tells; None for a label that is none of ours."""
    try:
        port, public, redirect = json.loads(text)
        numbers = [int(number) for number in (port, public, redirect) if number is not None]
    except (ValueError, TypeError):
        return None
    if port is None or not all(0 < number < 2**16 for number in numbers):
        return None
    return ProxyPorts(port, public, redirect)


def _port(setting: Setting, kept: int | None) -> int:
    if setting:
        return int(str(setting))
    return kept or random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311 - no secret


def _name(stack: str) -> str:
    return name_of(stack, part="ports")
