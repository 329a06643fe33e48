"""Paths of a spec whose file lies elsewhere."""

from typing import Any

import pytest

from infra_specs.projects.moved import moved

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("service", "folder", "result"),
    [
        ({"command": "a"}, "/home/ann/shop", {"command": "a"}),
        ({"command": "a"}, "/home/ann", {"command": "a", "folder": "shop"}),
        ({"command": "a", "folder": "web"}, "/home/ann/shop/web", {"command": "a"}),
        ({"command": "a", "folder": "/srv/app"}, "/home/ann/shop", {"command": "a", "folder": "/srv/app"}),
        ({"command": "a", "folder": "."}, "/tmp/x", {"command": "a", "folder": "/home/ann/shop"}),
        ({"build": {"target": "web"}}, "/home/ann", {"build": {"target": "web", "context": "shop"}, "folder": "shop"}),
    ],
)
def test_they_lead_to_the_same_files(service: dict[str, Any], folder: str, result: dict[str, Any]) -> None:
    spec = {"target": {"provider": "local"}, "services": {"web": service}}
    assert moved(spec, "/home/ann/shop", folder, has_folders=True)["services"]["web"] == result


def test_a_certificate_moves_and_a_secret_does_not() -> None:
    spec = {
        "target": {"provider": "docker"},
        "services": {},
        "tls": {"certificate": "tls.pem", "key": {"secret": "key"}},
    }
    assert moved(spec, "/home/ann/shop", "/tmp", has_folders=False)["tls"] == {
        "certificate": "/home/ann/shop/tls.pem",
        "key": {"secret": "key"},
    }
