"""A service in replicas, and the proxy and route that lead to it."""

import posixpath
from collections.abc import Mapping

from infra_specs.catalogue import volumes
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, SecretRef, Setting
from infra_specs.stackfile.models.service import FromNeed, Secret, Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Local

PROXY_ADDRESS = str(Address("proxy", "main"))
CLIENT_SETTINGS = ("trust_proxies", "upload_timeout")
"""What a proxy that runs takes in on every target: whom it trusts, and how long it waits."""
CERTIFICATE = "tls-certificate"
"""The secret that holds the proxy's certificate, its chain and its key: one, so that they always fit each other."""


def replicas(
    stack: str,
    name: str,
    service: Service,
    count: int,
    *,
    source: str,
    needs: Mapping[str, Mapping[str, Setting]],
    secrets: Mapping[str, int],
) -> tuple[Resource, ...]:
    """`count` equal replicas, one a slot."""
    env = environment(service, needs, secrets) | volumes.directory_variables(name, service)
    return tuple(
        Resource(
            stack,
            str(Address("replica", name, slot)),
            "replica",
            {
                "service": name,
                "slot": slot,
                "command": list(service.command or ()),
                "image": service.image,
                "folder": posixpath.normpath(posixpath.join(source, service.folder)),
                "env": {**env, "TENFOLD_SERVICE": name, "TENFOLD_REPLICA": Address("replica", name, slot).short},
                "serves": service.port is not None,
                "health": service.health,
            },
            singleton=bool(service.volumes),
            drain_seconds=service.drain if service.port is not None else 0.0,
        )
        for slot in range(count)
    )


def route(stack: str, name: str, service: Service, count: int) -> Resource:
    """What of the proxy's requests goes to which replicas; changed in place, without a lost request."""
    settings: dict[str, Setting] = {
        "service": name,
        "host": service.route.host,
        "path": service.route.path,
        "public": service.public,
        "health": service.health,
        "endpoints": [Ref(str(Address("replica", name, slot)), "endpoint") for slot in range(count)],
    }
    mutable = (*settings, "weights")  # only while a canary has its share
    return Resource(stack, str(Address("route", name)), "route", settings, mutable=mutable, after=(PROXY_ADDRESS,))


def proxy(stack: Stack, public: bool, secrets: Mapping[str, int]) -> Resource:
    """The one door to a stack: on loopback, and beyond it only if a service is public."""
    target, tls = stack.target, stack.tls
    settings: dict[str, Setting] = {
        "port": target.port if isinstance(target, Local) else None,
        "public_port": target.public_port if isinstance(target, Local) else None,
        "public": public,
        "trust_proxies": list(stack.trust_proxies),
        "upload_timeout": stack.timeouts.upload,
    }
    if tls:
        settings["tls"] = SecretRef(CERTIFICATE, secrets.get(CERTIFICATE, 1))
    if tls and tls.redirect:
        settings["redirect"] = tls.redirect
    mutable = ("public", "public_port", "tls", "redirect", *CLIENT_SETTINGS)
    return Resource(stack.name, PROXY_ADDRESS, "proxy", settings, mutable=mutable, singleton=True)


def environment(
    service: Service, needs: Mapping[str, Mapping[str, Setting]], secrets: Mapping[str, int]
) -> dict[str, Setting]:
    """The service's own environment over the addresses of what it needs."""
    env: dict[str, Setting] = {f"{need.upper()}_URL": parts["url"] for need, parts in needs.items()}
    for key, value in service.env.items():
        if isinstance(value, Secret):
            env[key] = SecretRef(value.secret, secrets.get(value.secret, 1))
        elif isinstance(value, FromNeed):
            need, part = value.from_need.split(".")
            env[key] = needs[need][part]
        else:
            env[key] = value
    return env
