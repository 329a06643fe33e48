"""The clients and what they compare: differences are seen, and a short round of all of them shows none."""

from typing import Any

import pytest

from benchmarks.clients.requests import AS_STANDARDS_ASK, ODD, requests
from benchmarks.clients.told import Answer, differences
from benchmarks.clients.zoo import odd_rows, usual_rows, world


def answer(headers: list[list[str]] | None = None, status: int = 200, **changed: Any) -> Answer:
    told = {"method": "GET", "target": "/a//b", "length": 0, "hash": "x", "headers": headers or []}
    return Answer(status, told | changed)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("straight", "proxied", "count"),
    [
        (answer(), answer(), 0),
        (answer([["X-A", "1"]]), answer([["x-a", "1"]]), 0),
        (answer([["Connection", "close"]]), answer([["x-forwarded-for", "127.0.0.1"], ["x-request-id", "a"]]), 0),
        (answer([["Cookie", "a=1"], ["Cookie", "b=2"]]), answer([["cookie", "a=1; b=2"]]), 0),
        (answer([["Host", "127.0.0.1:80"]]), answer([["host", "127.0.0.1:8080"]]), 0),
        (Answer(0), Answer(0), 0),
        (answer(), answer(target="/a/b"), 1),
        (answer(), answer(method="POST", length=1, hash="y"), 3),
        (answer(), answer(status=400), 1),
        (answer(), Answer(200), 1),
        (answer([["X-A", "1"]]), answer(), 1),
        (answer([["X-A", ""]]), answer(), 1),
        (answer(), answer([["x-b", "2"]]), 1),
        (answer([["X-A", "1"], ["X-A", "2"]]), answer([["x-a", "2"], ["x-a", "1"]]), 1),
    ],
)
def test_what_an_app_is_told_is_compared(straight: Answer, proxied: Answer, count: int) -> None:
    assert len(differences(straight, proxied)) == count


@pytest.mark.pure
def test_a_seed_gives_the_same_requests() -> None:
    assert list(requests(50, 1)) == list(requests(50, 1)) != list(requests(50, 2))
    assert AS_STANDARDS_ASK.keys() <= ODD.keys()


@pytest.mark.local
@pytest.mark.proof
def test_an_app_is_told_the_same_of_every_client() -> None:
    with world() as doors:
        usual, odd = usual_rows(doors, 200, 7), odd_rows(doors)
    assert {row.name: row.differences for row in usual if row.other} == {}
    assert min(row.sent for row in usual) >= 10
    assert {row.name: row.differences for row in odd if row.other and not row.reason} == {}
    assert {row.name for row in odd if row.reason} == {row.name for row in odd if row.other}
