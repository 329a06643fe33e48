"""Images from a registry that asks for a login, with the logins of docker's own configuration."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from infra_specs.catalogue.images import image
from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tasks.providers.seam.builds import BuildRequest
from tests.support.registry import NoRegistry, Registry, password, registry, user
from tests.tasks.providers.docker.docker_world import alone, made, replica, stack

pytestmark = [pytest.mark.docker, pytest.mark.proof]


@pytest.fixture(scope="module")
def shelf(engine: DockerClient, images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The registry, with the tiny server in it as `shop:1` and, below `hub`, as `official:1`."""
    try:
        with registry(tmp_path_factory.mktemp("registry")) as running:
            for name in ("shop", "hub/official"):
                tag = f"{running.address}/{name}"
                engine.images.get(images["tenfold-tiny:1"]).tag(tag, "1")
                output = engine.images.push(tag, "1", auth_config={"username": user, "password": password})
                assert "error" not in output, output
            yield running
            forget(engine, running)
    except NoRegistry as no:
        pytest.skip(str(no))


@pytest.fixture
def logins(shelf: Registry, engine: DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of docker's configuration; nothing of the registry is in the engine."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with alone(engine):
        forget(engine, shelf)
        yield tmp_path


def configured(folder: Path, **said: Any) -> None:
    (folder / "config.json").write_text(json.dumps(said))


def login(shelf: Registry, name: str = user, secret: str = password) -> dict[str, Any]:
    return {shelf.address: {"auth": base64.b64encode(f"{name}:{secret}".encode()).decode()}}


def run(name: str, **target: Any) -> None:
    """A replica from an image as a spec names it, made and removed."""
    wanted = Docker(provider="docker", **target)
    provider = DockerProvider(wanted)
    try:
        provider.destroy(made(provider, replica({"tenfold-tiny:1": image(wanted, name)})))
    finally:
        provider.close()


def forget(engine: DockerClient, shelf: Registry) -> None:
    for found in engine.images.list():
        for tag in found.tags:
            if tag.startswith(shelf.address):
                engine.images.remove(tag)


def test_with_the_login_it_is_pulled_by_name_by_the_mirror_and_by_the_map(
    shelf: Registry, logins: Path, engine: DockerClient
) -> None:
    configured(logins, auths=login(shelf))
    run(f"{shelf.address}/shop:1")
    run("official:1", mirror=f"{shelf.address}/hub")
    forget(engine, shelf)
    run("nowhere/official:7", images={"nowhere/official": f"{shelf.address}/hub/official:1"})


def test_without_a_login_it_says_that_there_is_none_and_where(shelf: Registry, logins: Path) -> None:
    with pytest.raises(ProviderError) as refused:
        run(f"{shelf.address}/shop:1")
    message = str(refused.value)
    assert "no basic auth credentials" in message
    assert f"no login for {shelf.address} is known: docker login {shelf.address}. If the name is wrong" in message


def test_a_wrong_login_is_named_and_its_password_is_not(shelf: Registry, logins: Path) -> None:
    configured(logins, auths=login(shelf, "bob", "let me in"))
    with pytest.raises(ProviderError) as refused:
        run(f"{shelf.address}/shop:1")
    message = str(refused.value)
    assert f"the login of bob was refused: docker login {shelf.address}." in message
    assert "let me in" not in message


@pytest.mark.filterwarnings("ignore:docker-credential-tests not installed")
@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_logins_in_a_store_are_asked_for(
    shelf: Registry, logins: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    program = logins / "docker-credential-tests"
    answer = json.dumps({"ServerURL": shelf.address, "Username": user, "Secret": password})
    program.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\n")
    program.chmod(0o755)
    configured(logins, **{key: "tests" if key == "credsStore" else {shelf.address: "tests"}})
    with pytest.raises(ProviderError, match=r"is in a store .* cannot be asked: docker-credential-tests not installed"):
        run(f"{shelf.address}/shop:1")
    monkeypatch.setenv("PATH", f"{logins}:/usr/bin:/bin")
    run(f"{shelf.address}/shop:1")


def test_a_configuration_that_cannot_be_read_is_said(shelf: Registry, logins: Path) -> None:
    configured(logins, auths={shelf.address: {"auth": "no base64!"}})
    with pytest.raises(ProviderError, match=r"the logins in docker's configuration .* cannot be read"):
        run(f"{shelf.address}/shop:1")


def test_what_a_build_starts_from_is_pulled_with_the_login_too(shelf: Registry, logins: Path, tmp_path: Path) -> None:
    configured(logins, auths=login(shelf))
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text(f"FROM {shelf.address}/shop:1\nENV A=1\n")
    provider, warnings = DockerProvider(Docker(provider="docker")), list[str]()
    try:
        order = BuildRequest(stack, "web", str(tmp_path / "app"), "Dockerfile", None, {})
        assert provider.images.built(order).name == ""
        provider.images.build(order, warnings.append)
        assert warnings[0] == f"web: pulling {shelf.address}/shop:1"
        provider.images.forget_built(stack)
    finally:
        provider.close()


def test_what_a_build_starts_from_is_taken_from_the_mirror(shelf: Registry, logins: Path, tmp_path: Path) -> None:
    configured(logins, auths=login(shelf))
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM official:1 AS made\nFROM made\nENV A=1\n")
    provider, warnings = DockerProvider(Docker(provider="docker", mirror=f"{shelf.address}/hub")), list[str]()
    try:
        order = BuildRequest(stack, "web", str(tmp_path / "app"), "Dockerfile", None, {})
        id = provider.images.build(order, warnings.append)
        assert warnings[0] == f"web: pulling {shelf.address}/hub/official:1"
        assert provider.images.built(order).id == id
        provider.images.forget_built(stack)
    finally:
        provider.close()


def test_a_name_put_together_of_variables_is_pulled_with_the_login_too(
    shelf: Registry, logins: Path, tmp_path: Path, engine: DockerClient
) -> None:
    """Whoever reads such a name first, we or BuildKit, pulls it: that asks for the login on the build's connection."""
    (tmp_path / "app").mkdir()
    name = f"{shelf.address}/shop:1"
    (tmp_path / "app" / "Dockerfile").write_text(f"ARG A=1\nFROM ${{A:+{name}}}\nENV A=1\n")
    order = BuildRequest(stack, "web", str(tmp_path / "app"), "Dockerfile", None, {})

    def build() -> str:
        provider = DockerProvider(Docker(provider="docker"))
        try:
            return provider.images.build(order, lambda _: None)
        finally:
            provider.images.forget_built(stack)
            provider.close()

    configured(logins)
    with pytest.raises(ProviderError, match=r"(?i)authori|no basic auth credentials"):
        build()
    configured(logins, auths=login(shelf))
    assert build().startswith("sha256:")
