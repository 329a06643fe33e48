"""A service that is built from a folder: what a plan says of it, what a changed file makes, what is left in the end."""

from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from prefect import Flow
from prefect.client.schemas.objects import State, StateType

from deployments.cli.verbs.show import show
from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.teardown import teardown
from infra_specs.stackfile.models.target import Docker
from infra_specs.stackfile.reading.load import from_data, load
from tasks.providers.docker import DockerProvider
from tasks.stack.preview_builds import preview_builds
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone, get, left

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
NAME = "flows"


async def test_built_run_changed_and_forgotten(
    engine: DockerClient,
    images: dict[str, str],
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text(f"FROM {images['tenfold-tiny:1']}\nCOPY index.html /www/index.html\n")
    page(tmp_path, "first")
    web = {"build": "app", "port": 8000, "replicas": 1}
    unversioned = {known.rpartition(":")[0]: tag for known, tag in images.items()}
    spec: dict[str, Any] = {
        "name": NAME,
        "target": {"provider": "docker", "images": unversioned, "mirror": "registry.invalid"},
        "services": {"web": web},
    }
    with alone(engine):
        (note,) = would(spec, tmp_path)
        assert note.startswith(f"web would be built from {tmp_path}/app as tenfold-flows-web:")
        await done(provision, spec=spec, source=str(tmp_path))
        assert "web: Step 2/" in caplog.text
        assert would(spec, tmp_path) == ()
        assert await served() == "first\n"
        assert "nothing to do" in await done(provision, spec=spec, source=str(tmp_path))
        page(tmp_path, "second")
        assert "nothing to do" in await done(reconcile, stack=NAME), "only a provision builds"
        assert "1 created" in await done(provision, stack=NAME)
        assert await served() == "second\n"
        page(tmp_path, "third")
        assert (await done(deploy, stack=NAME, build=True)).startswith("release 3 serves")
        assert await served() == "third\n"
        assert "nothing to do" in await done(provision, stack=NAME), "it is what the file makes"
        show(NAME)
        shown = capsys.readouterr().out
        assert load(shown).services["web"].image is None, "what is shown can be given back"
        await done(teardown, stack=NAME, delete_data=True)
        assert left(engine) == []
        assert not engine.images.list(filters={"label": f"tenfold-image.stack={NAME}"})


def page(folder: Path, text: str) -> None:
    (folder / "app" / "index.html").write_text(f"{text}\n")


def would(spec: dict[str, Any], source: Path) -> tuple[str, ...]:
    """What a plan says that would be built."""
    provider = DockerProvider(Docker.model_validate(spec["target"]))
    try:
        return preview_builds(provider, from_data(spec), str(source))[1]
    finally:
        provider.close()


async def served() -> str:
    provider = DockerProvider(Docker(provider="docker"))
    try:
        port = next(instance.outputs["port"] for instance in provider.observe(NAME) if instance.kind == "proxy")
    finally:
        provider.close()
    answer: tuple[int, str] = wait_until(lambda: (response := get(port))[0] == 200 and response, "it serves")
    return answer[1]


async def done(flow: Flow[..., Any], **parameters: Any) -> str:
    state: State[Any] = await flow(**parameters, return_state=True)  # type: ignore[misc]
    assert state.type is StateType.COMPLETED, state.message
    return state.message or ""
