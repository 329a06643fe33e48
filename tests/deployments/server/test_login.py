"""The login's file: made once, for its owner alone; refused where others could know it."""

import os
import stat
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from deployments.server.login import Login, callers_login, ensure_login, login_file, read_login, require_login
from infra_specs.errors import ServerError, SpecError
from tasks.base.settings import Settings

pytestmark = pytest.mark.pure


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_it_is_made_once_and_only_its_owner_can_read_it(home: Path) -> None:
    assert read_login(home) is None
    login, made = ensure_login(home)
    assert made
    assert ensure_login(home) == (login, False)
    assert require_login(home) == login
    assert stat.S_IMODE(login_file(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(login_file(home).parent.stat().st_mode) == 0o700
    assert len(login.secret) >= 43  # 256 bits in base64
    assert list(login_file(home).parent.iterdir()) == [login_file(home)]


def test_many_that_make_it_at_once_make_one(home: Path) -> None:
    results: list[tuple[Login, bool]] = []
    barrier = threading.Barrier(8)

    def make() -> None:
        barrier.wait()
        results.append(ensure_login(home))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({login for login, _ in results}) == 1
    assert sum(made for _, made in results) == 1


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610])
def test_a_file_that_others_can_read_is_refused(home: Path, mode: int) -> None:
    ensure_login(home)
    path = login_file(home)
    path.chmod(mode)
    for read in (read_login, ensure_login, require_login):
        with pytest.raises(ServerError) as refused:
            read(home)
        assert str(refused.value) == (
            f"The control plane's login {path} can be read by other accounts (mode {mode:04o}), so they may know it. "
            f"Remove it; the next start makes a new one: rm {path} && tenfold server start"
        )


@pytest.mark.parametrize("text", ["", "\n", "short", "two words of some length", "a" * 300])
def test_a_file_without_a_login_is_refused(home: Path, text: str) -> None:
    ensure_login(home)
    login_file(home).write_text(text)
    with pytest.raises(ServerError, match=r"holds no login\. Remove it; the next start makes a new one: rm "):
        ensure_login(home)


def test_a_link_is_refused(home: Path, tmp_path: Path) -> None:
    ensure_login(home)
    login_file(home).rename(tmp_path / "elsewhere")
    login_file(home).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServerError, match="cannot be read"):
        read_login(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_account_is_refused(home: Path) -> None:
    ensure_login(home)
    os.chown(login_file(home), 65534, 65534)
    with pytest.raises(ServerError, match="belongs to another account"):
        read_login(home)


def test_without_one_it_is_said_what_to_do(home: Path) -> None:
    with pytest.raises(ServerError, match=r"^The control plane has no login .* Make one with: tenfold server start$"):
        require_login(home)


def test_a_token_must_be_the_installations_own(home: Path) -> None:
    login, _ = ensure_login(home)
    assert callers_login(Settings(home=home)) == login
    assert callers_login(Settings(home=home, api_token=SecretStr(login.text))) == login
    with pytest.raises(SpecError) as refused:
        callers_login(Settings(home=home, api_token=SecretStr("tenfold:of-another-installation")))
    assert str(refused.value) == (
        f"TENFOLD_API_TOKEN is not the token of the installation in {home}. Unset it, or set what this prints: "
        "env -u TENFOLD_API_TOKEN tenfold token"
    )


def test_nothing_that_is_told_of_it_tells_it() -> None:
    login = Login("s" * 43)
    assert login.secret not in repr(login)
    assert login.secret not in login.version
    assert login.version != Login("t" * 43).version
    assert len({login.key_for(purpose) for purpose in ("proof", "session", "version")}) == 3
