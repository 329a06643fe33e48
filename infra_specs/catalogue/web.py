"""A service in copies, and the proxy and route that lead to it: what is the same on every target."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from infra_specs.catalogue.context import Context
from infra_specs.certificates.hosts import fetched_hosts, hosts_without
from infra_specs.resources import services
from infra_specs.resources.address import Address
from infra_specs.resources.patience import Patience
from infra_specs.resources.resource import Resource, SecretRef, Setting
from infra_specs.stackfile.models.health import INTERVAL_SECONDS, HealthCheck
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.service import FromNeed, Secret, Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.tls import HTTPS_PORT

PROXY_ADDRESS = str(Address("proxy", "main"))
FETCHED_SETTINGS = ("certificates", "challenges")
"""What a proxy that runs takes in where its certificates are fetched."""
CLIENT_SETTINGS = ("trust_proxies", "upload_timeout", "edition")
"""What a proxy that runs takes in on every target: whom it trusts, how long it waits, and what Tenfold decides."""
BEHIND = "behind"
"""The setting of a proxy that has the ports which the machine's front listens on in its place."""
PROXY_EDITION = 2
"""Of what every proxy is told, whatever the stack says. With another one, proxies that run are told anew."""
CERTIFICATE = "tls-certificate"
"""The secret that holds the proxy's certificate, its chain and its key: one, so that they always fit each other."""


def holds_own_certificate(stack: Stack, secrets: Collection[str]) -> bool:
    """Whether `tls-certificate` is among these secrets, and the proxy's: of a stack that fetches, from before it did.

    A service that names a secret of this name has it as its own.
    """
    return CERTIFICATE in secrets and CERTIFICATE not in named_secrets(stack)


def certificate_secret(host: str) -> str:
    """The secret that holds the certificate of a host that was fetched, its chain and its key."""
    return f"{CERTIFICATE}-{host}"


def copies(
    context: Context, name: str, service: Service, count: int, program: Mapping[str, Setting]
) -> tuple[Resource, ...]:
    """`count` equal copies of a program: one counted resource, or one a slot, which is told its own name."""
    stack, serves = context.stack, service.port is not None
    drain_seconds = service.drain if serves else 0.0
    patience = Patience(service.start, service.restart_after, context.most.get(name, 0)) if serves else None
    if stack.target.counted:
        address = str(services.addresses(name, count, counted=True)[0])
        settings: dict[str, Setting] = {"service": name, services.COUNT: count, **program}
        whole = Resource(stack.name, address, services.SERVICE, settings, (services.COUNT,))
        return (replace(whole, drain_seconds=drain_seconds, patience=patience),)
    env = program["env"]
    assert isinstance(env, Mapping)
    return tuple(
        Resource(
            stack.name,
            str(address),
            services.REPLICA,
            {"service": name, "slot": address.slot, **program, "env": {**env, "TENFOLD_REPLICA": address.short}},
            singleton=bool(service.volumes),
            drain_seconds=drain_seconds,
            patience=patience,
        )
        for address in services.addresses(name, count, counted=False)
    )


def route(stack: Stack, name: str, service: Service, count: int) -> Resource:
    """What of the proxy's requests goes to which copies; changed in place, without a lost request."""
    settings: dict[str, Setting] = {
        "service": name,
        "host": service.route.host,
        "path": service.route.path,
        "sticky": service.route.sticky,
        "secure": stack.tls is not None,
        "request_timeout": service.route.timeouts.request,
        "idle_timeout": service.route.timeouts.idle,
        "public": service.public,
        **asking(service.health),
        "endpoints": services.endpoints(name, count, counted=stack.target.counted),
    }
    mutable = (*settings, "weights")  # only while a canary has its share
    return Resource(stack.name, str(Address("route", name)), "route", settings, mutable=mutable, after=(PROXY_ADDRESS,))


def proxy(context: Context, settings: Mapping[str, Setting], *, in_place: tuple[str, ...]) -> Resource:
    """The proxy with these settings, of which some change `in_place`. Its ports are its own while it is there."""
    return Resource(context.stack.name, PROXY_ADDRESS, "proxy", settings, mutable=in_place, singleton=True)


def proxy_settings(context: Context) -> dict[str, Setting]:
    """What a proxy is told on every target."""
    stack, tls = context.stack, context.stack.tls
    settings: dict[str, Setting] = {
        "public": any(service.public for service in stack.services.values() if service.port is not None),
        "trust_proxies": list(stack.trust_proxies),
        "upload_timeout": stack.timeouts.upload,
        "edition": PROXY_EDITION,
    }
    if tls and tls.email:
        settings |= _fetched(context)
    elif tls:
        settings["tls"] = SecretRef(CERTIFICATE, context.secrets.get(CERTIFICATE, 1))
    if tls and tls.http_port:
        settings["redirect"] = tls.http_port
    if context.behind:
        settings[BEHIND] = list(context.behind)
    return settings


def public_port(context: Context) -> int | None:
    """The proxy's port on every address; None for any free one."""
    tls = context.stack.tls
    return context.stack.target.ports.get("public_port", HTTPS_PORT if tls and tls.email else None)


def _fetched(context: Context) -> dict[str, Setting]:
    """The certificates that hosts have by now, and what authorities will ask for. All of it changes in place.

    A certificate of the user's own from before serves on until every host has one that was fetched.
    """
    known = {host: context.certificates[host] for host in fetched_hosts(context.stack) if host in context.certificates}
    certificates: dict[str, Setting] = {}
    challenges: dict[str, Setting] = {}
    for host, state in known.items():
        if state.version is not None:
            certificates[host] = SecretRef(certificate_secret(host), state.version)
        if state.order and state.order.token:
            challenges[state.order.token] = state.order.answer
    settings: dict[str, Setting] = {"certificates": certificates, "challenges": challenges}
    if hosts_without(context.stack, known) and holds_own_certificate(context.stack, context.secrets):
        settings["tls"] = SecretRef(CERTIFICATE, context.secrets[CERTIFICATE])
    return settings


def asking(check: HealthCheck) -> dict[str, Setting]:
    """How a copy is asked for its health. The usual interval is left out, so that it replaces nothing."""
    usual = check.interval == INTERVAL_SECONDS
    return {"health": check.path} if usual else {"health": check.path, "interval": check.interval}


def own_name(service: str) -> dict[str, Setting]:
    """What each copy is told of itself, whichever it is."""
    return {"TENFOLD_SERVICE": service}


def environment(service: Service, context: Context) -> dict[str, Setting]:
    """The service's own environment over the addresses of what it needs."""
    env: dict[str, Setting] = {f"{need.upper()}_URL": parts["url"] for need, parts in context.needs.items()}
    for key, value in service.env.items():
        if isinstance(value, Secret):
            env[key] = SecretRef(value.secret, context.secrets.get(value.secret, 1))
        elif isinstance(value, FromNeed):
            need, part = value.from_need.split(".")
            env[key] = context.needs[need][part]
        else:
            env[key] = value
    return env
