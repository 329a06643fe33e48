"""Builds through BuildKit: what gets into an image, what is asked for on the way, what an old engine does not know."""

import errno
import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tasks.providers.docker.builds.context import Entry
from tasks.providers.seam.builds import BuildRequest
from tests.support.images import local
from tests.tasks.providers.docker.docker_world import stack

pytestmark = [pytest.mark.docker, pytest.mark.proof]
Make = Callable[..., tuple[str, list[str]]]
HEREDOCS = (1, 42)


@pytest.fixture
def make(provider: DockerProvider, tmp_path: Path) -> Iterator[Make]:
    """Builds the folder with a Dockerfile of these lines: the image, and what was said."""

    def built(*lines: str, target: Docker | None = None, **order: object) -> tuple[str, list[str]]:
        (tmp_path / "Dockerfile").write_text("".join(f"{line}\n" for line in lines))
        wanted = BuildRequest(stack, "web", str(tmp_path), "Dockerfile", **{"stage": None, "args": {}, **order})  # type: ignore[arg-type]
        said: list[str] = []
        builder = DockerProvider(target) if target else provider
        try:
            return builder.images.build(wanted, said.append), said
        finally:
            if target:
                builder.close()

    yield built
    provider.images.forget_built(stack)


@pytest.fixture
def files(engine: DockerClient) -> Callable[[str], dict[str, bytes]]:
    """The contents of what an image has in /ctx, by name."""

    def found(image: str) -> dict[str, bytes]:
        container = engine.containers.create(image, ["none"])
        try:
            data = b"".join(container.get_archive("/ctx")[0])
        finally:
            container.remove()
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return {
                getmember.name.removeprefix("ctx/"): content.read() if (content := tar.extractfile(getmember)) else b""
                for getmember in tar.getmembers()
                if getmember.name != "ctx"
            }

    return found


tiny = local("tenfold-tiny:1")
COPIED = (f"FROM {tiny}", "COPY . /ctx")


def test_what_is_ignored_is_in_no_image(make: Make, files: Callable[[str], dict[str, bytes]], tmp_path: Path) -> None:
    ignored = "\ufeff.env\nDockerfile\n.dockerignore\n\\#draft\n\\!draft\nTODO\nlogs\n!logs/kept\n[a-c].md\n**/*.pyc\n"
    (tmp_path / ".dockerignore").write_text(ignored, encoding="utf-8")
    for name in (".env", "#draft", "!draft", "TODO", "todo", "logs/a", "logs/kept", "b.md", "d.md", "x/y.pyc", "x/y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("x/y")
    assert set(files(make(*COPIED)[0])) == {"todo", "logs", "logs/kept", "d.md", "x", "x/y", "link"}


def test_what_is_copied_is_what_there_is(
    make: Make, files: Callable[[str], dict[str, bytes]], tmp_path: Path, engine: DockerClient
) -> None:
    """Large and empty files, many at once, names of every kind: BuildKit asks for each by its number."""
    contents = {f"many/{number:04}": str(number).encode() for number in range(1500)}
    contents |= {"large": os.urandom(9_000_000), "empty": b"", "with space é": b"x", "a-b": b"1", "a/b": b"2"}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "run").write_text("x")
    (tmp_path / "run").chmod(0o750)
    image = make(*COPIED)[0]
    held = files(image)
    assert {name: held[name] for name in contents} == contents
    assert engine.containers.run(image, ["sh", "-c", "ls -ln /ctx/run"], remove=True).split()[:4] == [
        b"-rwxr-x---", b"1", b"0", b"0"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "trigger",
    ["COPY page /ctx/page", "ADD page /ctx/page", "RUN --mount=target=/context cp /context/page /ctx/page"],
    ids=["copied", "added", "mounted"],
)
def test_what_a_base_asks_of_who_starts_from_it(
    make: Make, files: Callable[[str], dict[str, bytes]], engine: DockerClient, tmp_path: Path, trigger: str
) -> None:
    (tmp_path / "page").write_text("ours")
    base = engine.containers.create(tiny, ["none"])
    try:
        made = base.commit("tenfold-test/onbuild", "1", changes=["USER 0:0", "WORKDIR /ctx", f"ONBUILD {trigger}"])
    finally:
        base.remove()
    try:
        assert files(make("FROM tenfold-test/onbuild:1")[0]) == {"page": b"ours"}
    finally:
        engine.images.remove(made.id, force=True)


def test_an_unchanged_step_comes_from_the_cache_and_one_after_a_change_does_not(make: Make, tmp_path: Path) -> None:
    lines = (f"FROM {tiny}", "USER 0:0", f"RUN echo {os.urandom(4).hex()} >/once", "COPY page /page")
    (tmp_path / "page").write_text("1")
    make(*lines)
    # The same size and time: a changed content is seen all the same.
    known = (tmp_path / "page").stat()
    (tmp_path / "page").write_text("2")
    os.utime(tmp_path / "page", ns=(known.st_atime_ns, known.st_mtime_ns))
    said = make(*lines)[1]
    assert any(line.startswith("web: Step 2/3 : RUN echo") and line.endswith("(cached)") for line in said), said
    assert "web: Step 3/3 : COPY page /page" in said


def test_a_cache_mount_is_kept_from_build_to_build(make: Make, files: Callable[[str], dict[str, bytes]]) -> None:
    folder = f"/cache-{os.urandom(4).hex()}"
    mount = f"RUN --mount=type=cache,target={folder} mkdir -p /ctx && echo x >>{folder}/runs && cp {folder}/runs /ctx/"
    assert files(make(f"FROM {tiny}", "USER 0:0", mount)[0])["runs"] == b"x\n"
    assert files(make(f"FROM {tiny}", "USER 0:0", "ENV A=1", mount)[0])["runs"] == b"x\nx\n"


def test_the_platform_is_known(make: Make, files: Callable[[str], dict[str, bytes]]) -> None:
    image = make(
        f"FROM --platform=$BUILDPLATFORM {tiny}", "USER 0:0", "ARG TARGETOS", "RUN mkdir /ctx; echo $TARGETOS >/ctx/os"
    )[0]
    assert files(image)["os"] == b"linux\n"


def test_images_are_replaced_wherever_they_are_named(make: Make, files: Callable[[str], dict[str, bytes]]) -> None:
    target = Docker(provider="docker", images={"registry.invalid/tools": tiny})
    made = make(
        f"FROM {tiny}", "USER 0:0", "COPY --from=registry.invalid/tools /bin /ctx",
        "RUN --mount=type=bind,from=registry.invalid/tools,target=/tools cp /tools/bin/sh /ctx/mounted",
        target=target,
    )[0]  # fmt: skip
    held = files(made)
    assert "sh" in held
    assert "mounted" in held


def test_a_syntax_image_that_cannot_be_had_is_said_and_done_without(make: Make) -> None:
    said = make("# syntax=registry.invalid/dockerfile:1", "# escape=`", f"FROM {tiny} `", "  AS made", "ENV A=1")[1]
    assert any(
        "registry.invalid/dockerfile:1 (`# syntax=`) cannot be had: the engine reads Dockerfile" in line
        for line in said
    )


def test_heredocs_are_built_or_it_is_said_which_engine_reads_them(
    make: Make, files: Callable[[str], dict[str, bytes]], engine: DockerClient
) -> None:
    lines = (f"FROM {tiny}", "USER 0:0", "COPY <<EOF /ctx/text", "FROM nowhere", "EOF")
    if tuple(map(int, engine.api.api_version.split("."))) >= HEREDOCS:
        assert files(make(*lines)[0])["text"] == b"FROM nowhere\n"
        return
    version = re.escape(engine.version()["Version"])
    with pytest.raises(
        ProviderError, match=rf"Dockerfile uses heredocs \(<<\), which this Docker Engine {version} cannot"
    ):
        make(*lines)


def test_links_are_made_or_it_is_said_which_engine_makes_them(
    make: Make, files: Callable[[str], dict[str, bytes]], engine: DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "page").write_text("x")
    lines = (f"FROM {tiny}", "COPY --link --chmod=600 page /ctx/")
    if tuple(map(int, engine.api.api_version.split("."))) >= HEREDOCS:
        assert files(make(*lines)[0])["page"] == b"x"
        return
    with pytest.raises(ProviderError, match=r"Dockerfile uses COPY --link, which this Docker Engine \S+ cannot read"):
        make(*lines)


def test_every_form_of_argument_is_built(make: Make, files: Callable[[str], dict[str, bytes]], tmp_path: Path) -> None:
    (tmp_path / "page").write_text("x")
    name, _, tag = tiny.rpartition(":")
    image = make(
        f"ARG NAME={name} TAG='{tag}' \\", "  # why", "  OTHER", "FROM ${NAME}:${TAG} AS earlier", "COPY page /page",
        "FROM ${NAME}:${TAG:-none} AS made", "USER 0:0", "ARG A=1 B=\"2 3\" TARGETARCH",
        "ARG C=$A-$TARGETARCH",
        "COPY --chmod=640 --from=Earlier /page /ctx/", 'RUN echo "$A,$B,$C" >/ctx/args', f"FROM {tiny}",
        stage="made",
    )[0]  # fmt: skip
    held = files(image)
    assert held["page"] == b"x"
    assert held["args"].startswith(b"1,2 3,1-")


def test_the_stage_that_failed_is_named_with_its_own_lines(make: Make) -> None:
    with pytest.raises(ProviderError) as failed:
        make(
            f"FROM {tiny} AS quiet", "RUN echo of the other stage && sleep 30",
            f"FROM {tiny} AS loud", "RUN echo of the failing stage && sleep 1 && exit 7",
            f"FROM {tiny}", "COPY --from=quiet /bin /a", "COPY --from=loud /bin /b",
        )  # fmt: skip
    message = str(failed.value)
    assert "failed at Step 2/2 of loud : RUN echo of the failing stage" in message
    assert ": exit code: 7\nThe last lines:\n  of the failing stage\nMend Dockerfile" in message
    assert "other stage\n" not in message


def test_a_file_that_is_gone_meanwhile_is_said(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page").write_text("x")
    read, open_entry = set[str](), Entry.open

    def gone_when_sent(entry: Entry) -> io.BufferedReader:
        if entry.name in read:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        read.add(entry.name)  # for the content's digest, before anything is sent
        return open_entry(entry)

    monkeypatch.setattr(Entry, "open", gone_when_sent)
    with pytest.raises(
        ProviderError,
        match=r"Dockerfile cannot be read: No such file or directory, while the folder was sent .* Run it",
    ):
        make(*COPIED)
