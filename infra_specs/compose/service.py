"""One service of a Compose file as a service of a stack file."""

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from infra_specs.compose.env_entries import env_of
from infra_specs.compose.needs import Replaced
from infra_specs.compose.not_carried import NotCarried, keys_not_carried, mount_not_carried
from infra_specs.compose.ports import PublishedPort
from infra_specs.compose.secret_values import MASK, is_secret, is_secret_value, masked, masked_words
from infra_specs.projects.draft import stack_name

UNLIKE = "a stack file says it in another way"


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
    keys |= _health(name, service, lost) if web else {}
    if grace := service.get("stop_grace_period"):
        keys["drain"] = str(grace)
    env, lost_values = env_of(name, service.get("environment") or {}, needs, others)
    if env:
        keys["env"] = env
    lost += lost_values
    keys |= _volumes(name, service, lost)
    keys |= _bounds(name, service, keys, lost)
    lost += _conditions(name, service)
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
    keys["args"] = _args(name, parts.get("args") or {}, lost)
    keys = {key: value for key, value in keys.items() if value}
    return {"build": context if keys.keys() == {"context"} else keys}


def _args(name: str, given: Any, lost: list[NotCarried]) -> dict[str, str]:
    """The arguments of a build but those that hold a secret."""
    pairs = given.items() if isinstance(given, dict) else (str(item).partition("=")[::2] for item in given)
    args = {str(key): str(value) for key, value in pairs}
    secret = [key for key, value in args.items() if is_secret(key, value)]
    lost += [NotCarried(f"services.{name}.build.args.{key} `***`", *IN_ARGS) for key in secret]
    return {key: value for key, value in args.items() if key not in secret}


def _words(value: Any) -> list[str]:
    return shlex.split(value) if isinstance(value, str) else [str(word) for word in value or ()]


def _command(name: str, service: Mapping[str, Any], lost: list[NotCarried]) -> dict[str, Any]:
    """A command of Compose is given to the entrypoint; an entrypoint of the file's own is its beginning here."""
    entrypoint, command = _words(service.get("entrypoint")), _words(service.get("command"))
    words = masked_words([*entrypoint, *command])
    if any(MASK in word for word in words):
        lost.append(NotCarried(f"services.{name}.command `{' '.join(words)}`", *IN_COMMAND))
    if entrypoint:
        return {"command": words}
    return {"command": words, "entrypoint": "image"} if words else {}


def _other_ports(name: str, ports: tuple[PublishedPort, ...]) -> Iterator[NotCarried]:
    web = [port for port in ports if not port.is_udp]
    for port in (*(port for port in ports if port.is_udp), *web[1:]):
        why = "the proxy leads HTTP only" if port.is_udp else "a service answers at one port"
        yield NotCarried(
            f"services.{name}.ports {port.target}", why, "make it a service of its own, or run it elsewhere"
        )


def _health(name: str, service: Mapping[str, Any], lost: list[NotCarried]) -> dict[str, Any]:
    check = service.get("healthcheck") or {}
    test = check.get("test") or ""
    text = test if isinstance(test, str) else " ".join(map(str, test))
    path = re.search(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d+)?(/[\w./-]*)?", text)
    keys: dict[str, Any] = {"health": (path[1] or "/") if path else "/"}
    if text and not path:
        lost.append(NotCarried(f"services.{name}.healthcheck.test", "a replica is asked over HTTP, by no command",
                               "let a path answer 200 when it is ready, and give it as `health`"))  # fmt: skip
    if start := check.get("start_period"):
        keys["start"] = str(start)
    return keys


def _volumes(name: str, service: Mapping[str, Any], lost: list[NotCarried]) -> dict[str, Any]:
    volumes: dict[str, str] = {}
    for volume in service.get("volumes") or ():
        if isinstance(volume, dict):
            source, target = str(volume.get("source", "")), str(volume.get("target", ""))
        else:
            source, _, target = str(volume).partition(":")
            source, target = ("", source) if not target else (source, target.partition(":")[0])
        if source.startswith(("/", ".", "~")):
            lost.append(mount_not_carried(name, source))
        elif target.startswith("/"):
            volumes[stack_name(source or target.rsplit("/", 1)[-1])] = target
    return {"volumes": volumes} if volumes else {}


def _bounds(
    name: str, service: Mapping[str, Any], keys: Mapping[str, Any], lost: list[NotCarried]
) -> Iterator[tuple[str, Any]]:
    deploy = service.get("deploy") or {}
    limits = (deploy.get("resources") or {}).get("limits") or {}
    if memory := limits.get("memory") or service.get("mem_limit"):
        yield "memory", _size(memory)
    if cpus := limits.get("cpus") or service.get("cpus"):
        yield "cpus", float(cpus)
    replicas = int(deploy.get("replicas") or service.get("scale") or 1)
    if "volumes" in keys and replicas > 1:
        lost.append(NotCarried(f"services.{name}.deploy.replicas", "with a volume a service has one replica",
                               "keep the data in a database, and leave `volumes` out"))  # fmt: skip
    elif "port" not in keys:
        yield "replicas", replicas
    elif replicas > 1:
        yield "replicas", {"min": replicas}
    for key in sorted(set(deploy) - {"replicas", "resources", "mode", "labels", "restart_policy"}):
        lost.append(NotCarried(f"services.{name}.deploy.{key}", UNLIKE, "see the pages on releases and on scaling"))


def _size(value: Any) -> str:
    """A size of Compose, `512m` or `1g`, as `512MB` or `1GB`."""
    match = re.fullmatch(r"([0-9.]+)\s*([bkmg]?)b?", str(value).strip().lower())
    return f"{match[1]}{(match[2].upper() + 'B').replace('BB', 'B')}" if match else str(value)


def _conditions(name: str, service: Mapping[str, Any]) -> Iterator[NotCarried]:
    depends_on = service.get("depends_on") or {}
    for other, condition in depends_on.items() if isinstance(depends_on, dict) else ():
        if isinstance(condition, dict) and condition.get("condition") == "service_completed_successfully":
            yield NotCarried(
                f"services.{name}.depends_on.{other}",
                "services start side by side, and none waits for another to end",
                f"give the command of {other} as `before`, and leave {other} out",
            )
