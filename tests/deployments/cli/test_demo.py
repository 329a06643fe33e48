"""The end of `tenfold demo`: the app's page must answer."""

import httpx
import pytest
import typer

from deployments.cli.verbs.demo import refuse_silent
from infra_specs.errors import ServerError

pytestmark = pytest.mark.pure


def test_a_page_that_answers_200_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "get", lambda url, **_: httpx.Response(200))
    refuse_silent("http://127.0.0.1:1/", "web")


def test_any_other_answer_fails_and_says_where_to_look(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(httpx, "get", lambda url, **_: httpx.Response(503))
    with pytest.raises(typer.Exit) as raised:
        refuse_silent("http://127.0.0.1:1/", "web")
    assert raised.value.exit_code == 1
    assert capsys.readouterr().err == (
        "The app's page http://127.0.0.1:1/ answers 503. Look at: tenfold logs quickstart web\n"
    )


def test_silence_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(url: str, **_: object) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    monkeypatch.setattr(httpx, "get", refused)
    with pytest.raises(ServerError, match="does not answer"):
        refuse_silent("http://127.0.0.1:1/", "web")
