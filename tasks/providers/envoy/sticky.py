"""A browser that stays with the replica that answered it first, by a cookie that names the replica's address.

Where that replica is gone, drained or not healthy, another one answers, and the cookie names it from then on.
"""

import hashlib
from dataclasses import dataclass

from tasks.providers.envoy.messages import TYPE, Json, typed

_FILTER = "envoy.filters.http.stateful_session"
_KIND = "extensions.filters.http.stateful_session.v3.StatefulSession"
_COOKIE = "extensions.http.stateful_session.cookie.v3.CookieBasedSessionState"


@dataclass(frozen=True, slots=True)
class Cookie:
    """A route's cookie. `secure`: it is sent over TLS alone."""

    name: str
    secure: bool


def cookie_of(stack: str, service: str, *, secure: bool) -> Cookie:
    """Of a name that no other service has: a browser sends cookies to every port of a host."""
    return Cookie(f"tenfold-{hashlib.sha256(f'{stack}/{service}'.encode()).hexdigest()[:8]}", secure)


def session_filter() -> Json:
    """The filter that does it, for the routes that ask for it."""
    return typed(_FILTER, _KIND)


def session(cookie: Cookie) -> Json:
    """What a route says to the filter. The cookie lasts as long as the browser runs, and no script reads it."""
    # Envoy adds HttpOnly itself.
    attributes = [{"name": "SameSite", "value": "Lax"}, *([{"name": "Secure"}] if cookie.secure else [])]
    settings = {"cookie": {"name": cookie.name, "path": "/", "attributes": attributes}}
    state = {"session_state": typed("envoy.http.stateful_session.cookie", _COOKIE, settings)}
    return {_FILTER: {"@type": f"{TYPE}.{_KIND}PerRoute", "stateful_session": state}}
