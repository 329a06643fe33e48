"""Services of a Compose file that are servers which a stack makes itself, or has no way to."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.compose.needs import NO_HTTP, PROXIES, Replaced, image_word, need_of, of_replaced_not_carried
from infra_specs.compose.not_carried import NotCarried

NEED = "it becomes a need, with a version{}, a password and a volume of its own, which no port of the machine leads to"
PROXY = (
    "every stack has a proxy of its own",
    "say by `route` which requests a service gets, and by `tls` who signs",
)
NO_WAY = (
    "services do not reach one another by name, and the proxy leads HTTP only",
    "run it outside of the stack, and give its address as a secret in `env`",
)


def is_server(service: Mapping[str, Any]) -> bool:
    """Whether it is a server that a need, the stack's proxy or nothing of a stack stands in place of."""
    return bool(need_of(service)) or (image_word(service) in (*NO_HTTP, *PROXIES) and "build" not in service)


def server_not_carried(
    name: str, service: Mapping[str, Any], needs: Mapping[str, Replaced], elsewhere: Mapping[str, str]
) -> Iterator[NotCarried]:
    """Why the server is not carried over, and what of it. `elsewhere` are variables that keep a need out, by need."""
    path, need = f"services.{name} `{service.get('image', '')}`", need_of(service)
    if name in needs:
        version = str(service.get("image", "")).rpartition("/")[2].partition(":")[2]
        why = NEED.format(f" of its own in place of {version}" if version else "")
        yield NotCarried(path, why, "move its data with a dump")
        yield from of_replaced_not_carried(name, service)
    elif need in elsewhere:
        why = f"{elsewhere[need]} leads to another server, and a stack with a {need} gives that name its own"
        yield NotCarried(path, why, f"give the variable another name, and add `needs: {{{need}: ...}}`")
    elif need:
        first = next(other for other, replaced in needs.items() if replaced.need == need)
        why = f"a stack has one {need}, and services.{first} becomes it"
        yield NotCarried(
            path, why, f"run it elsewhere and give its address as a secret, or move its data into the {need}"
        )
    else:
        yield NotCarried(path, *(PROXY if image_word(service) in PROXIES else NO_WAY))
