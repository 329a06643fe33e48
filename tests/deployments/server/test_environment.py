"""What every process of the control plane is told."""

import ssl
from pathlib import Path

import pytest

from deployments.server.environment import NO_AUTHORITY, environment

pytestmark = pytest.mark.pure


def test_clients_of_the_api_read_one_authority_that_nobody_is() -> None:
    assert environment(Path("/srv/home"), 4200)["PREFECT_API_SSL_CERT_FILE"] == str(NO_AUTHORITY)
    (authority,) = ssl.create_default_context(cafile=str(NO_AUTHORITY)).get_ca_certs()
    assert authority["subject"] == ((("commonName", "Nobody is trusted"),),)
