"""Settings: their defaults, the environment, and what is said of a wrong one."""

import stat
from pathlib import Path

import pytest

from infra_specs.errors import SpecError
from tasks.base.settings import settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "HOME",
        "LEDGER_URL",
        "KEY_FILE",
        "SERVER_PORT",
        "RECONCILE_SECONDS",
        "AUTOSCALE_SECONDS",
        "LEASE_SECONDS",
    ):
        monkeypatch.delenv(f"TENFOLD_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)


def test_everything_has_a_default_and_the_home_is_made(tmp_path: Path) -> None:
    config = settings()
    assert config.home == tmp_path / ".tenfold"
    assert stat.S_IMODE(config.home.stat().st_mode) == 0o700
    assert config.ledger_url == f"sqlite:///{tmp_path}/.tenfold/ledger.db"
    assert config.key_file == tmp_path / ".tenfold" / "key"
    assert (config.server_port, config.reconcile_seconds, config.autoscale_seconds, config.lease_seconds) == (
        4200,
        30,
        15,
        10,
    )


def test_it_is_known_whether_an_interval_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not settings().reconcile_is_given
    monkeypatch.setenv("TENFOLD_RECONCILE_SECONDS", "")
    assert not settings().reconcile_is_given
    monkeypatch.setenv("TENFOLD_RECONCILE_SECONDS", "30")
    assert settings().reconcile_is_given


def test_roots_home_can_be_reached_by_the_account_that_runs_its_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("tasks.base.homes.ROOT_HOME", tmp_path / "lib")
    assert settings().home == tmp_path / "lib"


def test_the_environment_is_read_at_every_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "one"))
    monkeypatch.setenv("TENFOLD_SERVER_PORT", "4300")
    assert (settings().home, settings().server_port) == (tmp_path / "one", 4300)
    monkeypatch.setenv("TENFOLD_HOME", "~/two")
    monkeypatch.setenv("TENFOLD_KEY_FILE", "/elsewhere/key")
    assert settings().ledger_url == f"sqlite:///{tmp_path}/two/ledger.db"
    assert settings().key_file == Path("/elsewhere/key")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HOME", "here", "TENFOLD_HOME: must be an absolute path. Found `here`."),
        ("KEY_FILE", "key", "TENFOLD_KEY_FILE: must be an absolute path. Found `key`."),
        ("SERVER_PORT", "0", "TENFOLD_SERVER_PORT: Input should be greater than or equal to 1. Found `0`."),
        (
            "AUTOSCALE_SECONDS",
            "0",
            "TENFOLD_AUTOSCALE_SECONDS: Input should be greater than or equal to 0.01. Found `0`.",
        ),
        (
            "AUTOSCALE_SECONDS",
            "120",
            "TENFOLD_AUTOSCALE_SECONDS: Input should be less than or equal to 60. Found `120`.",
        ),
        ("LEASE_SECONDS", "nan", "TENFOLD_LEASE_SECONDS: Input should be"),
        ("LEASE_SECONDS", "1e-309", "TENFOLD_LEASE_SECONDS: Input should be greater than or equal to 0.01."),
        ("RECONCILE_SECONDS", "inf", "TENFOLD_RECONCILE_SECONDS: Input should be less than or equal to 86400."),
        (
            "RECONCILE_SECONDS",
            "1" + "0" * 400,
            "TENFOLD_RECONCILE_SECONDS: Input should be less than or equal to 86400.",
        ),
        ("SERVER_PORT", "1" + "0" * 400, "TENFOLD_SERVER_PORT: Input should be less than or equal to 65535."),
        (
            "LEASE_SECONDS",
            "no",
            "TENFOLD_LEASE_SECONDS: Input should be a valid number, unable to parse string as a number",
        ),
    ],
)
def test_a_wrong_one_is_said(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(f"TENFOLD_{name}", value)
    with pytest.raises(SpecError) as refused:
        settings()
    assert str(refused.value).startswith(said)
    assert len(str(refused.value).splitlines()) == 1


def test_a_home_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(SpecError, match=r"TENFOLD_HOME: .*/home cannot be made: Not a directory\."):
        settings()


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENFOLD_LEDGER_URL", "postgresql://tenfold:s3cret@host/ledger")
    assert "s3cret" not in repr(settings())


@pytest.mark.parametrize("names", ["box:4200", "*", "http://box", "a b", "-box", "box.", "a,,b:1"])
def test_names_of_the_control_plane_are_host_names(monkeypatch: pytest.MonkeyPatch, names: str) -> None:
    monkeypatch.setenv("TENFOLD_SERVER_NAMES", names)
    with pytest.raises(SpecError, match="TENFOLD_SERVER_NAMES: must be host names with commas between, without a port"):
        settings()


def test_names_of_the_control_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENFOLD_SERVER_NAMES", "Tenfold.example.com, box,")
    assert settings().names == {"tenfold.example.com", "box"}
