"""HTTPS at the proxy: with certificates that are fetched, or with one of the user's own."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.service import Secret

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
HTTPS_PORT, HTTP_PORT = 443, 80
"""The ports of a stack whose certificates are fetched, unless it gives others: where browsers and authorities ask."""
EMAIL_PATTERN = r"^[!-?A-~]+@[!-?A-~]+$"
DIRECTORY_PATTERN = r"^https://[!-~]+$"
File = Annotated[str, Field(min_length=1, max_length=4096)]


def _form(value: Any) -> str | None:
    if isinstance(value, Secret) or (isinstance(value, dict) and "secret" in value):
        return "secret"
    return "file" if isinstance(value, str) else None


Pem = Annotated[Annotated[File, Tag("file")] | Annotated[Secret, Tag("secret")], Discriminator(_form)]


class Tls(Part):
    """HTTPS at the proxy (TLS 1.2 and 1.3, HTTP/2): with `email` its certificates are fetched and renewed, with
    `certificate` and `key` it has yours. Renewed files are taken in by themselves."""

    email: Annotated[str, Field(pattern=EMAIL_PATTERN, max_length=254)] | None = None
    """Fetch the certificates of all public hosts from an authority, which writes to this address if it must. You agree
    to its terms."""
    directory: Annotated[str, Field(pattern=DIRECTORY_PATTERN, max_length=1000)] | None = None
    """The authority's ACME directory; Let's Encrypt's unless given."""
    certificate: Pem | None = None
    """The certificate and below it its chain, in PEM: a file's path from the spec's own folder, or {secret: NAME}."""
    key: Pem | None = None
    """Its private key, in PEM, without a passphrase: a file's path, or {secret: NAME}."""
    redirect: int | None = Field(default=None, ge=1, le=65535)
    """A port on every address where plain HTTP is answered with a redirect to HTTPS; usually 80, which it is with
    `email` unless given."""

    @property
    def authority(self) -> str:
        """The directory of the authority that certificates are fetched from."""
        return self.directory or LETS_ENCRYPT

    @property
    def http_port(self) -> int | None:
        """The port of plain HTTP; None if there is none."""
        return self.redirect or (HTTP_PORT if self.email else None)

    @model_validator(mode="after")
    def _from_one_source(self) -> "Tls":
        given = [name for name in ("certificate", "key") if getattr(self, name) is not None]
        if self.email is not None and given:
            raise ValueError(
                f"found `email` and `{given[0]}`: with `email` certificates are fetched. Keep `email`, or "
                "`certificate` and `key`"
            )
        if self.email is None and len(given) < 2:
            raise ValueError(
                "needs `email`, and certificates are fetched, or a `certificate` of yours and its `key`"
                + (f"; found only `{given[0]}`" if given else "")
            )
        if self.email is None and self.directory is not None:
            raise ValueError("found `directory`, which is where certificates are fetched. Add `email`, or remove it")
        return self
