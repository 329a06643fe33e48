"""The settings of an installation, from environment variables such as TENFOLD_HOME."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from infra_specs.errors import DiskFull, SpecError
from tasks.base.disk import is_full
from tasks.base.homes import usual_home

PREFIX = "TENFOLD_"
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_FOLLOW_UP_ERROR = "default_factory_not_called"
"""Pydantic's error type for a default that depends on an invalid field, which is reported already."""


def _absolute(path: Path) -> Path:
    expanded = path.expanduser()
    # Flows are served from a folder of their own, so a relative path would have another meaning.

    if not expanded.is_absolute():
        raise ValueError("must be an absolute path")
    return expanded


def _host_names(text: str) -> str:
    wrong = [name for name in map(str.strip, text.split(",")) if name and not _HOST_NAME.fullmatch(name)]
    if wrong:
        raise ValueError(f"must be host names with commas between, without a port; `{wrong[0]}` is none")
    return text


Absolute = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseModel):
    """One installation. A field that is not given is set by the variable of its name, in capitals, after `TENFOLD_`.
    An empty variable is none."""

    model_config = ConfigDict(frozen=True, validate_default=True, extra="forbid")

    def __init__(self, **given: Any) -> None:
        variables = {name: os.environ.get(PREFIX + name.upper()) for name in type(self).model_fields}
        super().__init__(**{name: value for name, value in variables.items() if value} | given)

    home: Absolute = Field(default_factory=usual_home)
    """The folder that Tenfold keeps its things in: ~/.tenfold, or /var/lib/tenfold for root."""
    ledger_url: str = Field(default_factory=lambda data: f"sqlite:///{data['home']}/ledger.db", repr=False)
    """The ledger's database: sqlite:////path/to/file or postgresql://user:password@host/name."""
    key_file: Absolute = Field(default_factory=lambda data: data["home"] / "key")
    """The key that the ledger's secrets are encrypted with; made at first use."""
    server_port: int = Field(default=4200, ge=1, le=65535)
    """The control plane's port on loopback."""
    server_names: Annotated[str, AfterValidator(_host_names)] = ""
    """Names beside 127.0.0.1, localhost and [::1] that a browser may ask the control plane by, with commas between."""
    api_token: SecretStr | None = None
    """What `tenfold token` prints, for who must show it. Passed on to no process."""
    reconcile_seconds: float = Field(default=30, ge=0.01, le=86_400)
    """How often drift is looked for. Unless given, seldomer while every target tells of drift by itself."""
    autoscale_seconds: float = Field(default=15, ge=0.01, le=60)
    """How often it is checked whether services need more or fewer replicas. Seldomer, and what was measured between two
    checks tells of the past: nothing would ever be taken away. Unless given, once a minute while nothing can be
    scaled."""
    lease_seconds: float = Field(default=10, ge=0.01, le=3_600)
    """How long a silent owner keeps a stack's lock when it cannot be seen to be gone."""

    @property
    def autoscale_is_given(self) -> bool:
        """Whether somebody chose `autoscale_seconds`."""
        return "autoscale_seconds" in self.model_fields_set

    @property
    def reconcile_is_given(self) -> bool:
        """Whether somebody chose `reconcile_seconds`."""
        return "reconcile_seconds" in self.model_fields_set

    @property
    def names(self) -> frozenset[str]:
        """`server_names`, one by one and in small letters."""
        return frozenset(name.strip().lower() for name in self.server_names.split(",") if name.strip())


def settings() -> Settings:
    """The settings as the environment has them now. Its home exists, made for this user alone, when this returns.

    Raises SpecError with every variable that is wrong.
    """
    try:
        installation = Settings()
    except ValidationError as error:
        wrong = [fault for fault in error.errors() if fault["type"] != _FOLLOW_UP_ERROR]
        raise SpecError("\n".join(map(_describe, wrong))) from None
    try:
        installation.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"{PREFIX}HOME: {installation.home} cannot be made: the disk is full. Make room.") from error
        raise SpecError(
            f"{PREFIX}HOME: {installation.home} cannot be made: {error.strerror}. Name another folder."
        ) from error
    return installation


def _describe(fault: Any) -> str:
    name = PREFIX + str(fault["loc"][0]).upper()
    # The URL may hold a password.
    value_note = "" if fault["loc"][0] in ("ledger_url", "api_token") else f" Found `{fault['input']}`."
    return f"{name}: {fault['msg'].removeprefix('Value error, ')}.{value_note}"
