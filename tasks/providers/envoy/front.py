"""What the front of a machine is told, as plain data: a pure function of who has which host.

A port of HTTPS has a chain of filters for each stack: the name in the handshake chooses, and the bytes are passed on as
they are. A port of plain HTTP has a route for each host. Either way the stack's proxy is told first who the client is
(the PROXY protocol). What the front adds or takes away of a request is nothing: that is the proxy's behind it.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath

from infra_specs.sharing.claims import ANY_HOST
from infra_specs.sharing.front import SharedPort
from tasks.providers.envoy.listener import DRAIN_SECONDS, EVERYWHERE, HEADER_SECONDS, IDLE_SECONDS, STREAMS
from tasks.providers.envoy.messages import KEEPALIVE, TYPE, Json, response, source, typed
from tasks.providers.envoy.routes import version_of

LISTENERS, CLUSTERS = "listeners.json", "clusters.json"
_NETWORK = "extensions.filters.network"
_UPSTREAM_IDLE_SECONDS = 10
"""How long a connection to a stack's proxy is kept for the next request of its client: less than that waits."""
_MANY = 100_000
_BY_NAME: Json = {"type": "STRICT_DNS", "dns_refresh_rate": "1s", "dns_lookup_family": "V4_ONLY"}
"""A proxy that is replaced has another address by the same name."""
_WEBSOCKET = "websocket"


def routes_file(port: int) -> str:
    """The file of the routes of a port of plain HTTP."""
    return f"routes-{port}.json"


def clusters(ports: Iterable[SharedPort], door_of: Callable[[str, int], Json]) -> Json:
    """One for each stack and port. `door_of`: the address at which the stack's proxy waits for the front."""
    made = [
        _cluster(shared, stack, door_of(stack, shared.port))
        for shared in ports
        for stack in sorted(set(shared.hosts.values()))
    ]
    return response("config.cluster.v3.Cluster", made)


def cluster_name(stack: str, port: int) -> str:
    """The cluster of the door of a stack's proxy."""
    return f"{stack}-{port}"


def routes(shared: SharedPort) -> Json:
    """Which stack gets a request at a port of plain HTTP. The version is a hash of it all."""
    made = [
        {
            "name": host,
            "domains": [host] if host == ANY_HOST else [host, f"{host}."],
            "routes": [{"match": {"prefix": "/"}, "route": _action(cluster_name(stack, shared.port))}],
        }
        for host, stack in sorted(shared.hosts.items())
    ]
    config = {"name": str(shared.port), "virtual_hosts": made, "ignore_port_in_host_matching": True}
    return response("config.route.v3.RouteConfiguration", [config], version_of(made))


def listeners(
    folder: PurePath, ports: Iterable[SharedPort], connections: int, own_port: Callable[[int], int] = lambda port: port
) -> Json:
    """The listeners of these ports, each of which takes so many `connections`. The version is a hash of them.

    `own_port`: where the front itself listens for a port that clients know.
    """
    made = [_listener(folder, shared, connections, own_port(shared.port)) for shared in ports]
    return response("config.listener.v3.Listener", made, version_of(made))


def _listener(folder: PurePath, shared: SharedPort, connections: int, own_port: int) -> Json:
    is_https = shared.protocol == "https"
    inspector = typed(
        "envoy.filters.listener.tls_inspector", "extensions.filters.listener.tls_inspector.v3.TlsInspector"
    )
    chains = _chains_of_stacks(shared, connections) if is_https else [_chain_of_plain_http(folder, shared, connections)]
    return {
        "name": str(shared.port),
        "address": {"socket_address": {"address": EVERYWHERE, "port_value": own_port}},
        "listener_filters": [inspector] if is_https else [],
        "listener_filters_timeout": f"{HEADER_SECONDS}s",
        "filter_chains": chains,
        # By default it would share a taken port silently.
        "enable_reuse_port": False,
        "tcp_keepalive": KEEPALIVE,
    }


def _chains_of_stacks(shared: SharedPort, connections: int) -> list[Json]:
    """A chain is the same whatever other stacks there are: when they change, its connections stay as they are."""
    hosts: dict[str, list[str]] = {}
    for host, stack in sorted(shared.hosts.items()):
        hosts.setdefault(stack, []).append(host)
    return [
        {
            "name": stack,
            "filter_chain_match": {} if ANY_HOST in names else {"server_names": names},
            "filters": [_limit(f"{stack}-{shared.port}", connections), _pass_on(cluster_name(stack, shared.port))],
        }
        for stack, names in sorted(hosts.items())
    ]


def _pass_on(cluster: str) -> Json:
    # The stack's proxy says how long a quiet connection may stay: by default it is cut off after an hour.
    settings = {"stat_prefix": cluster, "cluster": cluster, "idle_timeout": "0s", "max_connect_attempts": 3}
    return typed("envoy.filters.network.tcp_proxy", f"{_NETWORK}.tcp_proxy.v3.TcpProxy", settings)


def _chain_of_plain_http(folder: PurePath, shared: SharedPort, connections: int) -> Json:
    rds = {"route_config_name": str(shared.port), "config_source": source(folder, routes_file(shared.port))}
    router = {"suppress_envoy_headers": True}
    manager = {
        "stat_prefix": str(shared.port),
        "rds": rds,
        "http_filters": [typed("envoy.filters.http.router", "extensions.filters.http.router.v3.Router", router)],
        # What a request says of its way is believed or removed by the stack's proxy.
        "use_remote_address": False,
        "skip_xff_append": True,
        "generate_request_id": False,
        "preserve_external_request_id": True,
        "internal_address_config": {},
        "request_headers_timeout": f"{HEADER_SECONDS}s",
        "drain_timeout": f"{DRAIN_SECONDS}s",
        "common_http_protocol_options": {"idle_timeout": f"{IDLE_SECONDS - DRAIN_SECONDS}s"},
        "http2_protocol_options": {"max_concurrent_streams": STREAMS},
        "stream_idle_timeout": "0s",
        "http_protocol_options": {"accept_http_10": True},
        "upgrade_configs": [{"upgrade_type": _WEBSOCKET}],
        "normalize_path": False,
        "merge_slashes": False,
        "server_header_transformation": "PASS_THROUGH",
    }
    kind = f"{_NETWORK}.http_connection_manager.v3.HttpConnectionManager"
    return {
        "name": "hosts",
        "filters": [
            _limit(str(shared.port), connections),
            typed("envoy.filters.network.http_connection_manager", kind, manager),
        ],
    }


def _limit(prefix: str, connections: int) -> Json:
    settings = {"stat_prefix": prefix, "max_connections": connections}
    return typed("envoy.filters.network.connection_limit", f"{_NETWORK}.connection_limit.v3.ConnectionLimit", settings)


def _action(cluster: str) -> Json:
    return {
        "cluster": cluster,
        "timeout": "0s",
        # A connection that the proxy behind closes at this moment has taken nothing of the request.
        "retry_policy": {"retry_on": "connect-failure,reset-before-request", "num_retries": 3},
    }


def _cluster(shared: SharedPort, stack: str, door: Json) -> Json:
    name = cluster_name(stack, shared.port)
    thresholds = {f"max_{what}": _MANY for what in ("connections", "pending_requests", "requests", "retries")}
    endpoint = {"endpoint": {"address": door}}
    told = {"config": {"version": "V2"}, "transport_socket": _raw()}
    kind = "extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"
    return {
        "name": name,
        **({"type": "STATIC"} if "pipe" in door else _BY_NAME),
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "transport_socket": typed("envoy.transport_sockets.upstream_proxy_protocol", kind, told),
        "circuit_breakers": {"thresholds": [thresholds]},
        **({} if shared.protocol == "https" else _http_options()),
    }


def _http_options() -> Json:
    kind = "extensions.upstreams.http.v3.HttpProtocolOptions"
    idle = {"common_http_protocol_options": {"idle_timeout": f"{_UPSTREAM_IDLE_SECONDS}s"}}
    options = {"@type": f"{TYPE}.{kind}", **idle, "explicit_http_config": {"http_protocol_options": {}}}
    return {"typed_extension_protocol_options": {f"envoy.{kind}": options}}


def _raw() -> Json:
    return typed("envoy.transport_sockets.raw_buffer", "extensions.transport_sockets.raw_buffer.v3.RawBuffer")


def shared_ports(settings: Mapping[str, object]) -> list[SharedPort]:
    """The ports that a front's settings tell, in order."""
    told = settings["ports"]
    assert isinstance(told, Mapping)
    return [
        SharedPort(int(port), data["protocol"], data["hosts"])
        for port, data in sorted(told.items(), key=lambda item: int(item[0]))
    ]
