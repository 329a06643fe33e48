"""Paths of a spec whose file lies elsewhere."""

from typing import Any

import pytest

from infra_specs.projects.moved import moved, service_around

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


@pytest.mark.parametrize(
    ("folder", "path", "service"),
    [
        (".", "/home/ann/shop/pulled.yaml", "web"),
        (".", "/home/ann/pulled.yaml", ""),
        ("web", "/home/ann/shop/pulled.yaml", ""),
        ("web", "/home/ann/shop/web/deep/pulled.yaml", "web"),
        ("web", "/home/ann/shop/webs/pulled.yaml", ""),
        ("/srv/app", "/srv/app/a.yaml", "web"),
    ],
)
def test_a_file_in_a_folder_of_code_is_seen(folder: str, path: str, service: str) -> None:
    assert service_around({"services": {"web": {"command": "a", "folder": folder}}}, "/home/ann/shop", path) == service


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
