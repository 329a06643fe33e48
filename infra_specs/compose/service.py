"""One service of a Compose file as a service of a stack file."""

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from infra_specs.compose.amounts import bytes_of, seconds_of
from infra_specs.compose.env_entries import env_of, without_given
from infra_specs.compose.exported import KEPT
from infra_specs.compose.needs import Replaced
from infra_specs.compose.not_carried import NotCarried, keys_not_carried, mount_not_carried
from infra_specs.compose.ports import PublishedPort
from infra_specs.compose.secret_values import MASK, is_secret, is_secret_value, masked, masked_words
from infra_specs.projects.draft import stack_name
from infra_specs.stackfile.models.units import duration_text
from infra_specs.stackfile.models.volumes import directory_variable

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
        keys["drain"] = _duration(f"services.{name}.stop_grace_period", grace, 0, lost)
    env, lost_values = env_of(name, service.get("environment") or {}, needs, others)
    lost += lost_values
    volumes = _volumes(name, service, lost)
    keys |= _without_given(name, service, {**keys, **volumes}, env, lost)
    keys |= volumes
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
        keys["start"] = _duration(f"services.{name}.healthcheck.start_period", start, 1, lost)
    return keys


def _without_given(
    name: str, service: Mapping[str, Any], keys: Mapping[str, Any], env: Mapping[str, Any], lost: list[NotCarried]
) -> dict[str, Any]:
    """The environment without what a stack gives: PORT, and the folders of volumes."""
    given = {directory_variable(volume): path for volume, path in keys.get("volumes", {}).items()}
    given |= {"PORT": str(keys["port"])} if "port" in keys else {}
    kept, lost_names = (dict(env), []) if KEPT in service else without_given(name, env, given)
    lost += lost_names
    return {"env": kept} if kept else {}


LONGEST = 3600


def _duration(path: str, value: Any, least: int, lost: list[NotCarried]) -> str:
    """The duration within the bounds of a stack file; one beyond them is said."""
    seconds = seconds_of(value) or 0.0
    bounded = min(max(seconds, least), LONGEST)
    if bounded != seconds:
        why = f"it is between {duration_text(least) if least else '0s'} and {duration_text(LONGEST)}"
        lost.append(NotCarried(f"{path} `{value}`", f"{why}, so {duration_text(bounded)} is taken", "leave it so"))
    return duration_text(bounded)


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
    if memory := bytes_of(limits.get("memory") or service.get("mem_limit") or 0):
        if memory < LEAST_MEMORY:
            lost.append(NotCarried(f"services.{name}.mem_limit", "a replica has 8MB or more, so 8MB is taken",
                                   "leave it so"))  # fmt: skip
        yield "memory", _size(max(memory, LEAST_MEMORY))
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


LEAST_MEMORY = 8 * 2**20


def _size(size: int) -> str:
    """Bytes in the largest unit that leaves a whole number or a half: `512MB`, `1.5GB`."""
    for unit, number in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if size >= number and size * 2 % number == 0:
            return f"{size / number:g}{unit}"
    return f"{size}B"


def _conditions(name: str, service: Mapping[str, Any]) -> Iterator[NotCarried]:
    depends_on = service.get("depends_on") or {}
    for other, condition in depends_on.items() if isinstance(depends_on, dict) else ():
        if isinstance(condition, dict) and condition.get("condition") == "service_completed_successfully":
            yield NotCarried(
                f"services.{name}.depends_on.{other}",
                "services start side by side, and none waits for another to end",
                f"give the command of {other} as `before`, and leave {other} out",
            )
