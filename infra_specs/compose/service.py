"""One service of a Compose file as a service of a stack file."""

import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from infra_specs.compose.amounts import bytes_of
from infra_specs.compose.env_entries import env_of, without_given
from infra_specs.compose.exported import KEPT
from infra_specs.compose.health import bounded_duration, health_keys
from infra_specs.compose.mounts import volume_keys
from infra_specs.compose.needs import Replaced
from infra_specs.compose.not_carried import NotCarried, keys_not_carried
from infra_specs.compose.ports import PublishedPort
from infra_specs.compose.secret_values import MASK, is_secret, is_secret_value, masked, masked_words
from infra_specs.stackfile.models.volumes import directory_variable

DEPLOY: Mapping[str, tuple[str, str]] = {
    "labels": ("labels of a container are Tenfold's own", "leave them out"),
    "restart_policy": ("a replica is started again whenever it ends", "leave it out"),
    "update_config": ("a release replaces replicas one after the other by itself", "give `watch`, or leave it out"),
    "rollback_config": ("a release that fails is undone by itself", "give `watch`, or leave it out"),
    "placement": ("replicas are spread over the hosts by themselves", "leave it out"),
    "endpoint_mode": ("the proxy spreads the requests", "leave it out"),
}
"""Keys of `deploy` that have nothing in a stack file."""
BUILD = {"context", "dockerfile", "target", "args", "tags", "labels"}


def service_keys(
    name: str,
    service: Mapping[str, Any],
    ports: tuple[PublishedPort, ...],
    needs: Mapping[str, Replaced],
    others: Collection[str],
) -> tuple[dict[str, Any], tuple[NotCarried, ...]]:
    """The service's keys but its route, and what was not carried over."""
    keys: dict[str, Any] = {}
    lost = list(keys_not_carried(name, service))
    keys |= _image(name, service, lost)
    keys |= _command(name, service, lost)
    web = [port for port in ports if not port.is_udp]
    if web:
        keys["port"] = web[0].target
        if web[0].is_public:
            keys["public"] = True
    lost += _other_ports(name, ports)
    keys |= health_keys(name, service, keys.get("port"), lost)
    if grace := service.get("stop_grace_period"):
        keys["drain"] = bounded_duration(f"services.{name}.stop_grace_period", grace, 0, lost)
    env, lost_values = env_of(name, service.get("environment") or {}, needs, others)
    lost += lost_values
    volumes = volume_keys(name, service, lost)
    keys |= _without_given(name, service, {**keys, **volumes}, env, lost)
    keys |= volumes
    keys |= _bounds(name, service, keys, lost)
    if str(service.get("restart", "always")).startswith(("no", "on-failure")):
        lost.append(NotCarried(f"services.{name}.restart", "a service is started again whenever it ends",
                               "let a command that runs once be `before`, or run it with `tenfold run`"))  # fmt: skip
    return keys, tuple(lost)


IN_ARGS = ("whoever has the image can read what it was built with", "mount it as a secret of the build")
IN_COMMAND = (
    "whoever sees the list of processes sees it, so `***` is in its place",
    "give it as a secret in `env`, and let the program read it there",
)


def _image(name: str, service: Mapping[str, Any], lost: list[NotCarried]) -> dict[str, Any]:
    build = service.get("build")
    if not build:
        return {"image": service["image"]} if "image" in service else {}
    parts = build if isinstance(build, dict) else {"context": str(build)}
    context = str(parts.get("context", "."))
    if is_secret_value(context):
        lost.append(NotCarried(f"services.{name}.build `{masked(context)}`", "an address with a login is no source",
                               "copy the sources beside the stack file, and give their folder"))  # fmt: skip
        context = masked(context)
    keys = {"context": context, "dockerfile": parts.get("dockerfile"), "target": parts.get("target")}
    for key in sorted(set(parts) - BUILD):
        lost.append(NotCarried(f"services.{name}.build.{key}", "an image is built from its folder and arguments alone",
                               "do it in the Dockerfile, or build the image elsewhere and give `image`"))  # fmt: skip
    keys["args"] = _args(name, parts.get("args") or {}, lost)
    keys = {key: value for key, value in keys.items() if value}
    return {"build": context if keys.keys() == {"context"} else keys}


def _args(name: str, given: Any, lost: list[NotCarried]) -> dict[str, str]:
    """The arguments of a build but those that hold a secret."""
    pairs = given.items() if isinstance(given, dict) else (str(item).partition("=")[::2] for item in given)
    args = {str(key): "" if value is None else _as_text(value) for key, value in pairs}
    secret = [key for key, value in args.items() if is_secret(key, value)]
    lost += [NotCarried(f"services.{name}.build.args.{key} `***`", *IN_ARGS) for key in secret]
    return {key: value for key, value in args.items() if key not in secret}


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def words_of(value: Any) -> list[str]:
    return shlex.split(value) if isinstance(value, str) else [str(word) for word in value or ()]


def _command(name: str, service: Mapping[str, Any], lost: list[NotCarried]) -> dict[str, Any]:
    """A command of Compose is given to the entrypoint; an entrypoint of the file's own is its beginning here."""
    entrypoint, command = words_of(service.get("entrypoint")), words_of(service.get("command"))
    words = masked_words([*entrypoint, *command])
    if any(MASK in word for word in words):
        lost.append(NotCarried(f"services.{name}.command `{' '.join(words)}`", *IN_COMMAND))
    if entrypoint or (words and service.get("entrypoint") in ("", [])):
        return {"command": words}
    return {"command": words, "entrypoint": "image"} if words else {}


def _other_ports(name: str, ports: tuple[PublishedPort, ...]) -> Iterator[NotCarried]:
    web = [port for port in ports if not port.is_udp]
    if web and web[0].last > web[0].target:
        first, last = web[0].target + 1, web[0].last
        rest = f"{first}-{last}" if last > first else str(first)
        yield NotCarried(f"services.{name}.ports {rest}", "a service answers at one port",
                         "make each a service of its own, or run it elsewhere")  # fmt: skip
    for port in (*(port for port in ports if port.is_udp), *web[1:]):
        why = "the proxy leads HTTP only" if port.is_udp else "a service answers at one port"
        yield NotCarried(
            f"services.{name}.ports {port.target}", why, "make it a service of its own, or run it elsewhere"
        )


def _without_given(
    name: str, service: Mapping[str, Any], keys: Mapping[str, Any], env: Mapping[str, Any], lost: list[NotCarried]
) -> dict[str, Any]:
    """The environment without what a stack gives: PORT, and the folders of volumes."""
    given = {directory_variable(volume): path for volume, path in keys.get("volumes", {}).items()}
    given |= {"PORT": str(keys["port"])} if "port" in keys else {}
    kept, lost_names = (dict(env), []) if KEPT in service else without_given(name, env, given)
    lost += lost_names
    return {"env": kept} if kept else {}


def _bounds(
    name: str, service: Mapping[str, Any], keys: Mapping[str, Any], lost: list[NotCarried]
) -> Iterator[tuple[str, Any]]:
    deploy = service.get("deploy") or {}
    limits = (deploy.get("resources") or {}).get("limits") or {}
    if memory := bytes_of(limits.get("memory") or service.get("mem_limit") or 0):
        if memory < LEAST_MEMORY:
            lost.append(NotCarried(f"services.{name}.mem_limit", "a replica has 8MB or more, so 8MB is taken",
                                   "leave it so"))  # fmt: skip
        yield "memory", _size(max(memory, LEAST_MEMORY))
    if cpus := limits.get("cpus") or service.get("cpus"):
        yield "cpus", float(cpus)
    given = deploy.get("replicas", service.get("scale"))
    replicas = 1 if given is None else int(given)
    if "volumes" in keys and replicas > 1:
        lost.append(NotCarried(f"services.{name}.deploy.replicas", "with a volume a service has one replica",
                               "keep the data in a database, and leave `volumes` out"))  # fmt: skip
    elif "port" not in keys:
        yield "replicas", replicas
    elif replicas != 1:
        yield "replicas", {"min": replicas} if replicas else 0
    lost += _deploy_not_carried(f"services.{name}.deploy", deploy)


def _deploy_not_carried(path: str, deploy: Mapping[str, Any]) -> Iterator[NotCarried]:
    for key in sorted(set(deploy) - {"replicas", "resources", "mode"}):
        yield NotCarried(f"{path}.{key}", *DEPLOY.get(key, ("a stack file has no such key", "leave it out")))
    if deploy.get("mode", "replicated") != "replicated":
        yield NotCarried(f"{path}.mode", "replicas are counted, and not one for each host", "give `replicas`")
    resources = deploy.get("resources") or {}
    if resources.get("reservations"):
        yield NotCarried(f"{path}.resources.reservations", "memory and processors are bounded and not reserved",
                         "give `memory` and `cpus`")  # fmt: skip
    for key in sorted(set(resources.get("limits") or ()) - {"memory", "cpus"}):
        yield NotCarried(f"{path}.resources.limits.{key}", "no key sets it", "set it for the engine")


LEAST_MEMORY = 8 * 2**20


def _size(size: int) -> str:
    """Bytes in the largest unit that leaves a whole number or a half: `512MB`, `1.5GB`."""
    for unit, number in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if size >= number and size * 2 % number == 0:
            return f"{size / number:g}{unit}"
    return f"{size}B"
