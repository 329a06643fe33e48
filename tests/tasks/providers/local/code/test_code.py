"""The part `code`: what a folder holds, its copies, and programs that run from them."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.local import LocalProvider
from tasks.providers.local.code import tree
from tests.tasks.providers.local.world import get, made, replica, stack

pytestmark = pytest.mark.local

PROGRAM = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class App(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(open(self.path[1:]).read().encode() if len(self.path) > 1 else b"VERSION")
    def log_message(self, *_): pass
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
"""


def write(folder: Path, version: str) -> None:
    (folder / "app.py").write_text(PROGRAM.replace("VERSION", version))


@pytest.fixture
def folder(open_folder: Path) -> Path:
    write(open_folder, "one")
    (open_folder / ".gitignore").write_text("data\n")
    (open_folder / "data").mkdir()
    (open_folder / "data/note").write_text("kept")
    return open_folder


def keep(provider: LocalProvider, folder: Path) -> str:
    assert provider.code is not None
    digest = provider.code.content(stack, str(folder)).digest
    provider.code.keep(stack, str(folder), digest)
    return digest


def program(folder: Path, digest: str) -> Resource:
    resource = replica(command=["python3", "-S", "app.py"], folder=str(folder), code=digest)
    return replace(resource, settings={**resource.settings, "health": "/"}, digests={})


def said(instance: Instance, path: str = "/") -> str:
    return get(instance.outputs["endpoint"].rpartition(":")[2], path)[1]


def copies(home: Path) -> set[str]:
    return {path.name for path in (home / "stacks" / stack / "code").iterdir() if path.is_dir()}


def test_a_release_runs_from_its_own_copy_and_comes_back(provider: LocalProvider, folder: Path) -> None:
    first = keep(provider, folder)
    one = made(provider, program(folder, first))
    write(folder, "two")
    second = keep(provider, folder)
    assert second != first
    two = made(provider, program(folder, second))
    assert (said(one), said(two)) == ("one", "two")
    assert said(two, "/data/note") == "kept"
    (folder / "data/note").write_text("changed")
    assert said(one, "/data/note") == "changed"
    provider.destroy(one)
    again = made(provider, program(folder, first))
    assert said(again) == "one"


def test_nobody_is_started_anew_for_what_has_no_copy(provider: LocalProvider, folder: Path) -> None:
    before = replica(command=["python3", "-S", "app.py"], folder=str(folder), health="/")
    instance = made(provider, before)
    assert said(instance) == "one"
    assert provider.create(before).incarnation == 1


def test_equal_content_is_copied_once_and_a_copy_that_is_gone_is_said(
    provider: LocalProvider, folder: Path, home: Path
) -> None:
    assert provider.code is not None
    first = keep(provider, folder)
    assert keep(provider, folder) == first
    assert copies(home) == {first}
    write(folder, "two")
    with pytest.raises(ProviderError, match=rf"the code {'0' * 16} of {folder} is no longer kept"):
        provider.code.keep(stack, str(folder), "0" * 16)


def test_copies_that_no_release_has_go_but_for_those_in_use(provider: LocalProvider, folder: Path, home: Path) -> None:
    assert provider.code is not None
    first = keep(provider, folder)
    made(provider, program(folder, first))
    write(folder, "two")
    second = keep(provider, folder)
    write(folder, "three")
    third = keep(provider, folder)
    (home / "stacks" / stack / "code" / ".new-killed").mkdir()
    provider.code.forget(stack, {third})
    assert copies(home) - {".new-killed"} == {first, third}
    assert second not in copies(home)
    write(folder, "four")
    keep(provider, folder)
    assert ".new-killed" not in copies(home)


def test_only_its_program_reads_it(provider: LocalProvider, folder: Path, home: Path) -> None:
    digest = keep(provider, folder)
    mode = (home / "stacks" / stack / "code" / digest).stat().st_mode
    assert mode & 0o007 == 0


def test_a_folder_with_too_much_runs_in_place(
    provider: LocalProvider, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert provider.code is not None
    monkeypatch.setattr(tree, "MOST_FILES", 1)
    content = provider.code.content(stack, str(folder))
    assert content.digest == ""
    assert content.note.startswith(f"Programs run in {folder} itself, for it holds more than")
    assert provider.code.content(stack, "/").note.startswith("Programs run in / itself, for it is the whole machine")
    assert provider.code.content(stack, "/nowhere") == provider.code.content(stack, os.devnull)
