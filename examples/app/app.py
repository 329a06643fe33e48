"""The sample app: a page that shows which replica answered, and what the database and the cache hold.

Environment: PORT, HOST (127.0.0.1), DATABASE_URL and CACHE_URL (each may be missing), TENFOLD_REPLICA.
"""

import contextlib
import html
import json
import math
import os
import secrets
import signal
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cache import Cache, CacheDown
from database import Database, DatabaseDown
from metrics import Metrics
from server import Handler, Server

page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
slowest_seconds = 30.0

replica = os.environ.get("TENFOLD_REPLICA") or f"process-{os.getpid()}"
port = int(os.environ.get("PORT") or 8000)
database = Database(os.environ["DATABASE_URL"]) if os.environ.get("DATABASE_URL") else None
cache = Cache(os.environ["CACHE_URL"]) if os.environ.get("CACHE_URL") else None
metrics = Metrics()


class App(Handler):
    def do_GET(self) -> None:  # noqa: N802 - the standard library's names
        path = urlsplit(self.path).path
        if not self.discard_body():
            self.send(413, "text/plain", "too long\n")
        elif path == "/healthz":
            self._health()
        elif path == "/metrics":
            self.send(200, "text/plain; version=0.0.4", metrics.text())
        else:
            with metrics.request() as answer:
                answer.code, *rest = self._route(path)
                self.send(answer.code, *rest)
                self.wfile.flush()

    do_POST = do_HEAD = do_GET  # noqa: N815

    def _health(self) -> None:
        # Of this process alone. Were the database asked as well, its outage would take every replica out of the
        # proxy at once, and with them all that works without it, this page's explanation included.
        if self.server.stopping:
            self.send(503, "text/plain", "stopping\n")
        else:
            self.send(200, "text/plain", "ok\n")

    def _route(self, path: str) -> tuple[Any, ...]:
        pages = {"/": self._page, "/api/visit": self._visit, "/api/state": self._state, "/slow": self._slow}
        if path not in pages:
            return 404, "text/plain", "no such page: there are / /api/visit /api/state /slow /healthz /metrics\n"
        try:
            return pages[path]()
        except Exception:  # a fault in one page is a 500 that is counted, not a connection that ends in silence
            traceback.print_exc()
            return 500, "text/plain", "a fault in the app: see its log\n"

    def _page(self) -> tuple[Any, ...]:
        _visit()
        nonce = secrets.token_urlsafe(16)
        state = json.dumps(_state()).replace("<", "\\u003c")
        body = page.replace("{{nonce}}", nonce).replace("{{replica}}", html.escape(replica)).replace("{{state}}", state)
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return 200, "text/html", body, {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}

    def _visit(self) -> tuple[Any, ...]:
        visit = _visit()
        return (503 if "error" in visit else 200), "application/json", json.dumps(visit) + "\n"

    def _state(self) -> tuple[Any, ...]:
        return 200, "application/json", json.dumps(_state()) + "\n"

    def _slow(self) -> tuple[Any, ...]:
        asked = parse_qs(urlsplit(self.path).query).get("seconds", ["2"])[0]
        try:
            seconds = float(asked)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds <= slowest_seconds:
            return 400, "text/plain", f"seconds is a number from 0 to {slowest_seconds:g}\n"
        time.sleep(seconds)
        return 200, "application/json", json.dumps(_identity() | {"seconds": seconds}) + "\n"


def _identity() -> dict[str, Any]:
    return {"replica": replica, "pid": os.getpid(), "port": port, "in_flight": metrics.in_flight}


def _visit() -> dict[str, Any]:
    """Record a visit. Without a cache the hits are missing; with the database away, there is an `error` as well."""
    visit = _identity() | {"visits": None, "hits": None}
    if cache:
        hits = _or_error(cache.hit)
        visit["hits"] = hits if isinstance(hits, int) else None
    if database:
        recorded = database
        visits = _or_error(lambda: recorded.visit(replica))
        visit |= visits if isinstance(visits, dict) else {"visits": visits}
    return visit


def _state() -> dict[str, Any]:
    """All that the page shows. A store that is not there is null; one that is away is an `error`."""
    return _identity() | {
        "database": _or_error(database.state) if database else None,
        "cache": _or_error(_cached) if cache else None,
    }


def _cached() -> dict[str, Any]:
    assert cache
    state: dict[str, Any] = {"hits": cache.hits(), "value": None, "life": None}
    if database:
        known = database
        with contextlib.suppress(DatabaseDown):  # the cache itself is well: what is remembered is shown without it
            state["value"], state["life"] = cache.remember("facts", lambda: known.facts() | {"asked_by": replica})
    return state


def _or_error(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (DatabaseDown, CacheDown) as error:
        return {"error": str(error)}


def main() -> None:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    host = os.environ.get("HOST") or "127.0.0.1"
    server = Server((host, port), App)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    print(f"{replica} listens on {host}:{port}", flush=True)
    while not told.wait(1):  # a signal that another thread was given is acted upon when this one wakes
        pass
    server.stop()
    for store in (database, cache):
        if store:
            store.close()
    print(f"{replica} has answered everything and stops", flush=True)


if __name__ == "__main__":
    main()
