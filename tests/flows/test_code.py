"""Code that is edited in its folder: a deploy and a provision bring it, a rollback brings the old one back."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.rollback import rollback
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.local import LocalProvider
from tasks.supervisor.client import Supervisor
from tests.flows.going import done

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]

PROGRAM = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class App(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"VERSION")
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tenfold-"))
    folder.chmod(0o711)
    monkeypatch.setenv("TENFOLD_HOME", str(folder / "home"))
    yield folder / "home"
    for place in (folder / "home" / "stacks").glob("[!.]*"):
        Supervisor.start(place / "supervisor").shutdown()
    shutil.rmtree(folder)


def write(folder: Path, version: str) -> None:
    (folder / "app.py").write_text(PROGRAM.replace("VERSION", version))


def said(home: Path) -> str:
    instances: Any = LocalProvider(home).observe("edited")
    url = next(instance.outputs["url"] for instance in instances if instance.kind == "route")
    return httpx.get(url, trust_env=False).text


async def test_edited_code_is_released_and_comes_back(home: Path, open_folder: Path) -> None:
    web = {"command": ["python3", "-S", "app.py"], "port": 80, "replicas": 1}
    spec = {"name": "edited", "target": {"provider": "local"}, "services": {"web": web}}
    given = {"spec": spec, "source": str(open_folder)}
    write(open_folder, "one")
    await done(provision, **given)
    assert "nothing to do" in await done(provision, **given)

    write(open_folder, "two")
    await done(reconcile, stack="edited")
    assert said(home) == "one"
    assert (await done(deploy, stack="edited")).startswith("release 2 serves")
    assert said(home) == "two"
    assert "release 2 is that already" in await done(deploy, stack="edited")

    write(open_folder, "three")
    await done(provision, **given)
    assert said(home) == "three"

    assert (await done(rollback, stack="edited")).startswith("release 4 serves")
    assert said(home) == "two"
    assert "nothing to do" in await done(provision, **given)
    assert said(home) == "two", "what was gone back to stays until the folder is edited"
    (await done(deploy, stack="edited"))
    assert said(home) == "three"
    with Ledger.open(settings()) as ledger:
        reasons = [release.reason for release in ledger.releases.all("edited")]
    assert all(reason.startswith("web: code ") for reason in (reasons[0], reasons[2], reasons[3])), reasons
