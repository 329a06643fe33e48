"""The login of an installation's control plane: one secret, in a file that only its owner can read."""

import base64
import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from infra_specs.errors import ServerError, SpecError
from tasks.base.atomic_write import make_once
from tasks.base.settings import Settings

USER = "tenfold"
SECRET_BYTES = 32
"""256 bits, twice what nobody can guess."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{22,200}")
"""What a file may hold: at least 128 bits in base64."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a caller shows to the control plane of one installation. Its repr does not show the secret."""

    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """`user:password`, as HTTP's basic authentication and Prefect's own settings take it."""
        return f"{USER}:{self.secret}"

    @property
    def header(self) -> str:
        """The value of the header `Authorization`."""
        return authorization(self.text)

    @property
    def version(self) -> str:
        """Tells two logins apart, and says nothing about either."""
        return self.key_for("version").hex()[:12]

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for each purpose: none of them leads to the secret or to another key."""
        return hmac.digest(self.secret.encode(), f"tenfold {purpose}".encode(), hashlib.sha256)


def authorization(text: str) -> str:
    """The value of the header `Authorization` for `user:password`."""
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def login_file(home: Path) -> Path:
    """Where an installation keeps its login."""
    return home / "control" / "login"


def ensure_login(home: Path) -> tuple[Login, bool]:
    """The installation's login, and whether it was made just now. Any number may call this at once.

    Raises ServerError for a file that others can read, or that holds no login.
    """
    made = False
    while (login := read_login(home)) is None:
        made = _make(login_file(home))
    return login, made


def read_login(home: Path) -> Login | None:
    """The installation's login; None while it has none. Raises ServerError as `ensure_login` does."""
    path = login_file(home)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ServerError(f"The control plane's login {path} cannot be read: {error.strerror}.") from error
    with os.fdopen(handle, encoding="utf-8", errors="replace") as file:
        _refuse_shared(path, os.fstat(handle))
        secret = file.read(1000).strip()
    if not _SECRET.fullmatch(secret):
        raise ServerError(f"The control plane's login {path} holds no login. {_renewal(path)}")
    return Login(secret)


def require_login(home: Path) -> Login:
    """The installation's login. Raises ServerError where there is none, and as `ensure_login` does."""
    login = read_login(home)
    if login is None:
        raise ServerError(f"The control plane has no login ({login_file(home)}). Make one with: tenfold server start")
    return login


def callers_login(settings: Settings) -> Login:
    """What the command line shows: the installation's login, which TENFOLD_API_TOKEN must be where it is set.

    Raises ServerError where there is none, SpecError for another token than the installation's.
    """
    login, token = require_login(settings.home), settings.api_token
    if token is not None and not hmac.compare_digest(token.get_secret_value().encode(), login.text.encode()):
        raise SpecError(
            f"TENFOLD_API_TOKEN is not the token of the installation in {settings.home}. Unset it, or set what this "
            "prints: env -u TENFOLD_API_TOKEN tenfold token"
        )
    return login


def _refuse_shared(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ServerError(f"The control plane's login {path} is no file. {_renewal(path)}")
    if found.st_uid != os.geteuid():
        raise ServerError(f"The control plane's login {path} belongs to another account. {_renewal(path)}")
    if found.st_mode & 0o077:
        raise ServerError(
            f"The control plane's login {path} can be read by other accounts (mode {stat.S_IMODE(found.st_mode):04o}), "
            f"so they may know it. {_renewal(path)}"
        )


def _renewal(path: Path) -> str:
    return f"Remove it; the next start makes a new one: rm {path} && tenfold server start"


def _make(path: Path) -> bool:
    """Whole from the moment that it has its name; False if somebody else was quicker."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return make_once(path, f"{secrets.token_urlsafe(SECRET_BYTES)}\n".encode())
    except OSError as error:
        raise ServerError(
            f"The control plane's login {path} cannot be made: {error.strerror}. Put TENFOLD_HOME on a file system "
            "with Unix modes and hard links."
        ) from error
