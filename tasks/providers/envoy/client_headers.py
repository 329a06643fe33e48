"""What an app is told of a client: which headers are removed, and which are set, by whom the proxy trusts.

Names are in small letters, as the proxy keeps them. The listener drops names with an underscore: many servers of apps
read `X_Real_IP` as `X-Real-IP`.
"""

from collections.abc import Iterable

from tasks.providers.envoy import time_limit
from tasks.providers.envoy.messages import Json, typed
from tasks.providers.envoy.sticky import session_filter

_STATED = (
    # Who the client is.
    "x-real-ip", "x-client-ip", "client-ip", "http-client-ip", "x-cluster-client-ip", "true-client-ip",
    "cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "fastly-client-ip", "fly-client-ip",
    "x-original-forwarded-for", "x-remote-ip", "x-remote-addr", "x-proxyuser-ip", "x-appengine-user-ip",
    "x-azure-clientip", "x-azure-socketip", "proxy-client-ip", "wl-proxy-client-ip", "cloudfront-viewer-address",
    "do-connecting-ip", "x-nf-client-connection-ip", "x-vercel-forwarded-for", "incap-client-ip", "ali-cdn-real-ip",
    # As whom somebody else let it in.
    "remote-user", "x-remote-user", "x-webauth-user", "x-authenticated-user", "client-cert", "client-cert-chain",
    "x-client-cert",
    # How and for what it asked.
    "x-scheme", "x-url-scheme", "front-end-https", "cf-visitor", "cloudfront-forwarded-proto", "x-original-proto",
    "x-original-host", "x-host", "x-original-url", "x-rewrite-url",
    # By which a request is followed from log to log.
    "x-request-id",
)  # fmt: skip
"""What a proxy states about a request. Only one that is trusted may."""
_STATED_FAMILIES = (
    "x-forwarded", "x-ssl-", "ssl-client", "x-auth-request-", "x-authentik-", "tailscale-user-", "cf-access-",
    "x-goog-authenticated-user-", "x-goog-iap-", "x-ms-client-principal", "x-amzn-oidc-", "x-vercel-ip-",
)  # fmt: skip
"""Beginnings of such names."""
_NEVER = ("forwarded", "proxy", "x-forwarded-client-cert")
"""What nobody may say: it is not added to as its standard asks, or (`Proxy`) only ever harms."""
_ENVOY = "x-envoy-"
_ADDRESS = "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"
_PEER = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"
_PEER_STATE = "tenfold.peer"
_PEER_BEHIND_FRONT = f"%FILTER_STATE({_PEER_STATE}:PLAIN)%"
"""Behind a front the direct peer is the front: what it says of the connection is kept before headers are read."""
_ASKED_HOST = "%REQ(:AUTHORITY)%"
_HEADER_MUTATION = "extensions.filters.http.header_mutation.v3.HeaderMutation"


def removed(*, trusted: bool) -> list[Json]:
    """What is removed of a request before anything else is done with it."""
    # X-Real-IP is set by this proxy for everybody.
    names = ("x-real-ip", *_NEVER) if trusted else (*_STATED, *_NEVER)
    families = (_ENVOY,) if trusted else (*_STATED_FAMILIES, _ENVOY)
    return [*({"remove": name} for name in names), *map(_remove_family, families)]


def told_to_apps(*, trusted: bool, asked_port: int, fronted: bool = False) -> list[Json]:
    """What is set in a request; `asked_port` is the port that clients ask at. `fronted`: they come through a front."""
    peer = _PEER_BEHIND_FRONT if fronted else _PEER
    if trusted:
        added = [_set("x-forwarded-for", peer, "APPEND_IF_EXISTS_OR_ADD")]
        added += [_set("x-forwarded-host", _ASKED_HOST, "ADD_IF_ABSENT")]
    else:
        added = [_set("x-forwarded-for", peer), _set("x-forwarded-host", _ASKED_HOST)]
        added += [_set("x-forwarded-port", str(asked_port))]
    return [_remove_family(_ENVOY), *added, _set("x-real-ip", _ADDRESS)]


def kept_peer() -> Json:
    """The filter of a connection that comes through a front: it keeps whom the front says it comes from."""
    text = {"text_format_source": {"inline_string": _ADDRESS}}
    kept = {"object_key": _PEER_STATE, "factory_key": "envoy.string", "format_string": text}
    kind = "extensions.filters.network.set_filter_state.v3.Config"
    return typed("envoy.filters.network.set_filter_state", kind, {"on_new_connection": [kept]})


def filters(*, trusted: bool, asked_port: int, fronted: bool = False) -> list[Json]:
    """The filters that a request and its answer pass.

    Those of a try remove from an answer what would have the proxy act, such as `x-envoy-immediate-health-check-fail`,
    before it reads the answer.
    """
    nothing_internal = [_remove_family(_ENVOY)]
    changed = {
        "request_mutations": told_to_apps(trusted=trusted, asked_port=asked_port, fronted=fronted),
        "response_mutations": nothing_internal,
    }
    tried = {"request_mutations": [{"remove": time_limit.MARK}], "response_mutations": nothing_internal}
    codec = typed("envoy.filters.http.upstream_codec", "extensions.filters.http.upstream_codec.v3.UpstreamCodec")
    router = {
        "suppress_envoy_headers": True,
        "upstream_http_filters": [
            time_limit.no_second_try(),
            typed("envoy.filters.http.header_mutation", _HEADER_MUTATION, {"mutations": tried}),
            codec,
        ],
    }
    return [
        session_filter(),
        typed("envoy.filters.http.header_mutation", _HEADER_MUTATION, {"mutations": changed}),
        typed("envoy.filters.http.router", "extensions.filters.http.router.v3.Router", router),
    ]


def early(*, trusted: bool) -> list[Json]:
    """What the connection manager does with a request first of all."""
    kind = "extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
    mutations = {"mutations": removed(trusted=trusted)}
    return [typed("envoy.http.early_header_mutation.header_mutation", kind, mutations)]


def addresses(trusted: Iterable[Json]) -> list[Json]:
    """How the client's address is found behind trusted networks: from the right of X-Forwarded-For past them."""
    settings = {"xff_trusted_cidrs": {"cidrs": list(trusted)}, "skip_xff_append": True}
    kind = "extensions.http.original_ip_detection.xff.v3.XffConfig"
    return [typed("envoy.http.original_ip_detection.xff", kind, settings)]


def _remove_family(beginning: str) -> Json:
    return {"remove_on_match": {"key_matcher": {"prefix": beginning}}}


def _set(name: str, value: str, action: str = "OVERWRITE_IF_EXISTS_OR_ADD") -> Json:
    return {"append": {"header": {"key": name, "value": value}, "append_action": action}}
