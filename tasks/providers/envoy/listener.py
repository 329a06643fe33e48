"""Where the proxy listens, whom it trusts there, and how long it waits for a client.

A listener has one chain of filters for clients and, where networks are trusted, another for these: the connection's
own address decides, before a byte of it is read. What an app takes, and silence, the routes bound.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import PurePath
from typing import Any

from infra_specs.stackfile.models.clients import UPLOAD_SECONDS
from tasks.providers.envoy import client_headers, plain_http, time_limit, tls
from tasks.providers.envoy.messages import KEEPALIVE, Json, response, source, typed

FILE = "listeners.json"
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - asked for by `public: true`
HEADER_SECONDS = 10
"""From the first byte of a request to the end of its headers, and for the handshake of TLS."""
IDLE_SECONDS = 60
"""How long a connection may be without a request: until it is closed, the last seconds included."""
DRAIN_SECONDS = 5
"""The last of them, in which a client is told, and a request that comes all the same is answered."""
TRUSTED_IDLE_SECONDS = 900
"""The same from a load balancer. Some keep connections for 600 s and lose a request that meets a closing one."""
DOOR_MODE = 0o660
"""Of a door: its folder's group is the front's."""
STREAMS = 100
"""Requests at once on one connection of HTTP/2."""
HOST_OF_HTTP_10 = "localhost"
"""What an app is told as host by a client that names none, as HTTP/1.0 allows."""
_WEBSOCKET = "websocket"
_OTHER_THAN_WEBSOCKET = "|".join(
    [
        *(f"(?i:{_WEBSOCKET[:index]})(?i:[^{letter}].*)?" for index, letter in enumerate(_WEBSOCKET)),
        f"(?i:{_WEBSOCKET}).+",
    ]
)
"""Of upgrades that are ignored, as their standard allows: RE2's pattern of every other word."""
_CONNECTION_MANAGER = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_PROXY_PROTOCOL = "extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"
_CONNECTION_LIMIT = "extensions.filters.network.connection_limit.v3.ConnectionLimit"


@dataclass(frozen=True, slots=True)
class Listener:
    """One address that the proxy listens on; `asked_port` is the port of it that clients know.

    `redirect`: a listener that only leads clients to HTTPS, at this port. `certificates` are the names of those with
    which it speaks TLS; without any it speaks plainly. Behind a front whoever connects says first for which client
    (the PROXY protocol), and only the front can: it listens at a `door`, a unix socket's path, in place of the port, or
    knows the `front` by its address.
    """

    name: str
    address: str
    port: int
    asked_port: int
    redirect: int | None = None
    certificates: tuple[str, ...] = ()
    door: str = ""
    front: str = ""

    @property
    def is_fronted(self) -> bool:
        """Whether its clients come through a front."""
        return bool(self.door or self.front)


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """What holds for the clients of every listener.

    `trusted` are networks; `connections` is how many a listener takes from clients, and as many from trusted ones. A
    listener that was opened without `keepalive` cannot be given it while it is open.
    """

    connections: int
    trusted: tuple[str, ...] = ()
    upload_seconds: float = UPLOAD_SECONDS
    keepalive: bool = True


def policy_of(settings: Mapping[str, Any], connections: int, told: Any = None) -> ClientPolicy:
    """The policy that a proxy's settings ask for. `told` is the file of listeners that it has by now, if it runs."""
    return ClientPolicy(
        connections,
        tuple(settings.get("trust_proxies", ())),
        settings.get("upload_timeout", UPLOAD_SECONDS),
        keepalive=told is None or any("tcp_keepalive" in listener for listener in told["resources"]),
    )


def public_listeners(
    settings: Mapping[str, Any], public: tuple[int, int], http: tuple[int, int] | None
) -> list[Listener]:
    """The listeners beyond loopback: the public one, and that of plain HTTP. Of each its port, and that of clients.

    Where certificates are fetched there is no public one before the first.
    """
    names, result = tuple(tls.pems_of(settings)), list[Listener]()
    if names or not tls.is_fetched(settings):
        result.append(Listener("public", EVERYWHERE, *public, certificates=names))
    if http is not None:
        fetched = tls.is_fetched(settings)
        result.append(
            Listener(plain_http.NAME, EVERYWHERE, *http)
            if fetched
            else Listener("redirect", EVERYWHERE, *http, redirect=public[1])
        )
    return result


def listeners(folder: PurePath, wanted: Sequence[Listener], policy: ClientPolicy) -> Json:
    """The file of these listeners. Its version is a hash of them, by which a proxy says what it has taken in."""
    made = [_listener(folder, listener, policy) for listener in wanted]
    version = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:12]
    return response("config.listener.v3.Listener", made, version)


def ports_of(told: Any) -> frozenset[int]:
    """The ports of the listeners in a file of them; none without a file. A door has none."""
    addresses = [each["address"].get("socket_address") for each in (told["resources"] if told else ())]
    return frozenset(address["port_value"] for address in addresses if address)


def _listener(folder: PurePath, wanted: Listener, policy: ClientPolicy) -> Json:
    keepalive = {"tcp_keepalive": KEEPALIVE} if policy.keepalive and not wanted.door else {}
    filters = [typed("envoy.filters.listener.proxy_protocol", _PROXY_PROTOCOL)]
    return {
        "name": wanted.name,
        "address": _address(wanted),
        **(
            {"listener_filters": filters, "listener_filters_timeout": f"{HEADER_SECONDS}s"} if wanted.is_fronted else {}
        ),
        "filter_chains": _chains(folder, wanted, policy),
        # By default it would share a taken port silently; and one that runs cannot change it, even to move to a door.
        "enable_reuse_port": False,
        **keepalive,
    }


def _address(wanted: Listener) -> Json:
    if wanted.door:
        return {"pipe": {"path": wanted.door, "mode": DOOR_MODE}}
    return {"socket_address": {"address": wanted.address, "port_value": wanted.port}}


def _chains(folder: PurePath, wanted: Listener, policy: ClientPolicy) -> list[Json]:
    """Both chains have the trusted networks in their names: whenever these change, open connections are led over.

    A redirect tells no app anything, and trusts nobody.
    """
    trusted = [] if wanted.redirect else _prefixes(policy.trusted)
    era = hashlib.sha256(json.dumps(trusted).encode()).hexdigest()[:8]
    from_front = {"direct_source_prefix_ranges": _prefixes([wanted.front])} if wanted.front else {}
    match = {"filter_chain_match": from_front} if from_front else {}
    chains = [_chain(folder, wanted, policy, f"clients-{era}", ()) | match]
    if trusted:
        match = {"filter_chain_match": {"source_prefix_ranges": trusted, **from_front}}
        chains.append(_chain(folder, wanted, policy, f"trusted-{era}", trusted) | match)
    return chains


def _chain(folder: PurePath, wanted: Listener, policy: ClientPolicy, name: str, trusted: Sequence[Json]) -> Json:
    manager = _manager(folder, wanted, policy, trusted)
    # Closes what is more at once, and counts per chain: clients cannot use up what a load balancer needs.
    limit = {
        "stat_prefix": f"{wanted.name}-{'trusted' if trusted else 'clients'}",
        "max_connections": policy.connections,
    }
    return {
        "name": name,
        "filters": [
            typed("envoy.filters.network.connection_limit", _CONNECTION_LIMIT, limit),
            *([client_headers.kept_peer()] if wanted.is_fronted else []),
            typed("envoy.filters.network.http_connection_manager", _CONNECTION_MANAGER, manager),
        ],
        "transport_socket_connect_timeout": f"{HEADER_SECONDS}s",
        **({"transport_socket": tls.transport(folder, wanted.certificates)} if wanted.certificates else {}),
    }


def _manager(folder: PurePath, wanted: Listener, policy: ClientPolicy, trusted: Sequence[Json]) -> Json:
    is_trusted = bool(trusted)
    idle_seconds = (TRUSTED_IDLE_SECONDS if is_trusted else IDLE_SECONDS) - DRAIN_SECONDS
    return {
        "stat_prefix": wanted.name,
        **_routing(folder, wanted),
        **(_trusting(trusted) if is_trusted else _distrusting()),
        "early_header_mutation_extensions": client_headers.early(trusted=is_trusted),
        "http_filters": client_headers.filters(
            trusted=is_trusted, asked_port=wanted.asked_port, fronted=wanted.is_fronted
        ),
        # Envoy would tell an app `x-envoy-internal` of an address that it takes for an internal one.
        "internal_address_config": {},
        "request_headers_timeout": f"{HEADER_SECONDS}s",
        "request_timeout": f"{policy.upload_seconds:g}s",
        "drain_timeout": f"{DRAIN_SECONDS}s",
        "common_http_protocol_options": {
            "idle_timeout": f"{idle_seconds}s",
            "headers_with_underscores_action": "DROP_HEADER",
        },
        "http2_protocol_options": {"max_concurrent_streams": STREAMS},
        # Of a quiet stream or WebSocket: by default it is cut off after 5 minutes.
        "stream_idle_timeout": "0s",
        "http_protocol_options": {
            "accept_http_10": True,
            "default_host_for_http_10": HOST_OF_HTTP_10,
            "ignore_http_11_upgrade": [{"safe_regex": {"regex": _OTHER_THAN_WEBSOCKET}}],
        },
        "upgrade_configs": [{"upgrade_type": _WEBSOCKET}],
        # An app gets a path as it was sent; which route it belongs to, and which is refused, `paths` says.
        "normalize_path": False,
        "merge_slashes": False,
        "local_reply_config": time_limit.retry_after(),
        "server_header_transformation": "PASS_THROUGH",
    }


def _distrusting() -> Json:
    return {"use_remote_address": True, "skip_xff_append": True}


def _trusting(networks: Iterable[Json]) -> Json:
    return {
        "original_ip_detection_extensions": client_headers.addresses(networks),
        "preserve_external_request_id": True,
    }


def _routing(folder: PurePath, wanted: Listener) -> Json:
    if wanted.redirect is not None:
        return {"route_config": tls.redirect(wanted.redirect)}
    routes = {"route_config_name": wanted.name, "config_source": source(folder, f"routes-{wanted.name}.json")}
    return {"rds": routes}


def _prefixes(networks: Iterable[str]) -> list[Json]:
    known = sorted({ip_network(network) for network in networks}, key=lambda each: (each.version, each))
    return [{"address_prefix": str(network.network_address), "prefix_len": network.prefixlen} for network in known]
