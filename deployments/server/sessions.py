"""What a browser logs in with: a secret of its own that expires.

It gets that for a code, which is good once and for two minutes, and which only who has the login can ask for.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from deployments.server.login import Login

LOGIN_PATH = "/tenfold/login"
SESSION_PATH = "/tenfold/session"
CODES_PATH = "/tenfold/codes"
BROWSER = "browser"
SESSION_SECONDS = 86_400.0
CODE_SECONDS = 120.0
MOST_CODES = 100


def session_text(login: Login, now: float) -> str:
    """A new `user:password` for a browser, good for a day. It stays good when the server starts again."""
    until = f"{int(now + SESSION_SECONDS)}.{secrets.token_urlsafe(16)}"
    return f"{BROWSER}:{until}.{_signature(login, until)}"


def is_session(login: Login, text: str, now: float) -> bool:
    """Whether this `user:password` was given to a browser, and has not expired."""
    user, _, password = text.partition(":")
    until, _, signature = password.rpartition(".")
    seconds = until.partition(".")[0]
    genuine = hmac.compare_digest(signature.encode(), _signature(login, until).encode())
    return user == BROWSER and genuine and now < int(seconds)


@dataclass
class Codes:
    """The codes that were given out and not used yet. They live with the server's process."""

    _until: dict[str, float] = field(default_factory=dict)

    def issue(self, now: float) -> str:
        """A new code. Of too many the oldest goes."""
        self._until = {code: until for code, until in self._until.items() if until > now}
        while len(self._until) >= MOST_CODES:
            del self._until[next(iter(self._until))]
        code = secrets.token_urlsafe(32)
        self._until[code] = now + CODE_SECONDS
        return code

    def take(self, code: str, now: float) -> bool:
        """Whether it is good; it is not a second time."""
        return self._until.pop(code, 0.0) > now


def _signature(login: Login, until: str) -> str:
    return hmac.new(login.key_for("session"), until.encode(), hashlib.sha256).hexdigest()
