"""HTTPS at the proxy, with a certificate of the user's own."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.service import Secret

File = Annotated[str, Field(min_length=1, max_length=4096)]


def _form(value: Any) -> str | None:
    if isinstance(value, Secret) or (isinstance(value, dict) and "secret" in value):
        return "secret"
    return "file" if isinstance(value, str) else None


Pem = Annotated[Annotated[File, Tag("file")] | Annotated[Secret, Tag("secret")], Discriminator(_form)]


class Tls(Part):
    """HTTPS at the proxy (TLS 1.2 and 1.3, HTTP/2), with a certificate of yours. Renewed files are taken in by
    themselves."""

    certificate: Pem
    """The certificate and below it its chain, in PEM: a file's path from the spec's own folder, or {secret: NAME}."""
    key: Pem
    """Its private key, in PEM, without a passphrase: a file's path, or {secret: NAME}."""
    redirect: int | None = Field(default=None, ge=1, le=65535)
    """A port on every address where plain HTTP is answered with a redirect to HTTPS; usually 80."""
