"""Our own addresses at the control plane: the proof of whose it is, and how a browser comes to its login.

The code is in the fragment of the address (`/tenfold/login#code`, or `#code~page~shop` to come to the status page),
which a browser sends to nobody. The page asks for a session with it, and keeps that where Prefect's UI looks for its
login: in the localStorage of this origin. A cookie would go to every app on 127.0.0.1, since cookies ignore ports.
"""

import base64
import hashlib
import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from deployments.server.login import Login
from deployments.server.page.files import PAGE_PATH
from deployments.server.proof import LONGEST_NONCE, PROOF_PATH, proof
from deployments.server.sessions import (
    CODE_SECONDS,
    CODES_PATH,
    LOGIN_PATH,
    SESSION_PATH,
    SESSION_SECONDS,
    Codes,
    session_text,
)
from tasks.run.tags import NOTABLE

LONGEST_BODY = 1000
_STYLE = "body{font:16px system-ui,sans-serif;max-width:34em;margin:20vh auto;padding:0 1em;color:#1c1b22}"
FIRST_PAGE = f"/v2/runs?tags={NOTABLE}"
"""What a browser is shown first: the runs that a person asked for or that did something, and not each check."""
_SCRIPT = """
const say = (text) => { document.querySelector("p").textContent = text; };
const [code, page, stack] = location.hash.slice(1).split("~");
history.replaceState(null, "", location.pathname);
(async () => {
  if (!code) return;
  const answer = await fetch("/tenfold/session", {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({code}),
  });
  if (!answer.ok) return say((await answer.json()).exception_message);
  localStorage.setItem("prefect-password", btoa((await answer.json()).login));
  const first = page === "page" ? "STATUS_PAGE" : "FIRST_PAGE";
  location.replace(stack ? `${first}#${stack}` : first);
})().catch(() => say("The control plane does not answer. Look at: tenfold server status"));
""".replace("FIRST_PAGE", FIRST_PAGE).replace("STATUS_PAGE", PAGE_PATH)
_PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tenfold: log in</title><style>{_STYLE}</style></head>
<body><h1>Tenfold</h1><p>Log in with: tenfold server open</p><script>{_SCRIPT}</script></body></html>
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_PAGE_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; connect-src 'self'; script-src {_hash(_SCRIPT)}; "
    f"style-src {_hash(_STYLE)}; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


class LoginPages:
    """Serves `/tenfold/...`. Who may ask what is decided before."""

    def __init__(self, login: Login, codes: Codes, clock: Callable[[], float]) -> None:
        self._login = login
        self._codes = codes
        self._clock = clock

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request if it is for us; False if it is not."""
        if scope["path"].lstrip("/").partition("/")[0] != "tenfold":
            return False
        request = Request(scope, receive)
        response = await self._response(request)
        await response(scope, receive, send)
        return True

    async def _response(self, request: Request) -> Response:
        asked = (request.method, request.scope["path"])
        if asked == ("GET", PROOF_PATH):
            return self._proof(request)
        if asked == ("GET", LOGIN_PATH):
            return HTMLResponse(_PAGE, headers=_PAGE_HEADERS)
        if asked == ("POST", CODES_PATH):
            return JSONResponse({"code": self._codes.issue(self._clock()), "seconds": CODE_SECONDS})
        if asked == ("POST", SESSION_PATH):
            return await self._session(request)
        return _refused(404, "There is nothing here.")

    def _proof(self, request: Request) -> Response:
        nonce = request.query_params.get("nonce", "")
        if not 0 < len(nonce) <= LONGEST_NONCE:
            return _refused(400, f"A nonce has 1 to {LONGEST_NONCE} characters.")
        return JSONResponse({"proof": proof(self._login, nonce, request.scope["server"][1])})

    async def _session(self, request: Request) -> Response:
        code = await _code_in(request)
        if not self._codes.take(code, self._clock()):
            return _refused(401, "This address was used before, or is too old. Get a new one: tenfold server open")
        login = session_text(self._login, self._clock())
        return JSONResponse({"login": login, "seconds": SESSION_SECONDS}, headers={"Cache-Control": "no-store"})


async def _code_in(request: Request) -> str:
    """The code that a request shows; empty where it shows none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            return ""
    try:
        return str(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"exception_message": message}, status_code=status)
