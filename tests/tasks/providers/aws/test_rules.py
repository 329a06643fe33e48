"""The numbers of a balancer's rules: whatever is added in whatever order, the right route comes first."""

from collections.abc import Iterable
from random import Random

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.aws.rules import LAST, Numbered, number_for, rank_of

pytestmark = pytest.mark.pure


def added(routes: Iterable[tuple[str, str]], others: Iterable[int] = ()) -> dict[str, Numbered]:
    """All of these routes, added one after another beside other rules."""
    there: dict[str, Numbered] = {}
    for place, (host, path) in enumerate(routes):
        rank, arn = rank_of(host, path), f"{place} {host}{path}"
        taken = frozenset({*others, *(route.number for route in there.values())})
        numbering = number_for(rank, tuple(there.values()), taken)
        for moved, number in numbering.moves.items():
            there[moved] = Numbered(moved, number, there[moved].rank)
        there[arn] = Numbered(arn, numbering.number, rank)
        numbers = [route.number for route in there.values()]
        assert len(set(numbers)) == len(numbers)
        assert not set(numbers) & set(others)
        assert all(1 <= number <= LAST for number in numbers)
    return there


def in_order(there: dict[str, Numbered]) -> bool:
    ranks = [route.rank for route in sorted(there.values(), key=lambda route: route.number)]
    return ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("shop.example.com", "/"), ("*", "/a/long/path")),
        (("shop.example.com", "/"), ("*.example.com", "/api")),
        (("*.example.com", "/"), ("*", "/api")),
        (("*", "/api"), ("*", "/")),
        (("*", "/api/v2"), ("*", "/api")),
        (("*", "/" + "a" * 126), ("*", "/a")),
    ],
)
def test_which_of_two_comes_first(first: tuple[str, str], second: tuple[str, str]) -> None:
    for routes in ((first, second), (second, first)):
        there = {arn.partition(" ")[2]: route for arn, route in added(routes).items()}
        assert there["".join(first)].number < there["".join(second)].number


def test_more_routes_of_one_length_than_numbers_between_two_lengths() -> None:
    """Paths of one length had a hundred numbers; the next one took a number of shorter paths, and came after them."""
    short = [("*", f"/b{number:02}") for number in range(99)]
    long = [("*", f"/a{number:03}") for number in range(400)]
    assert in_order(added([*short, *long]))
    assert in_order(added([*long, *short]))


def test_routes_in_any_order() -> None:
    random = Random(17)
    hosts = ("*", "*.example.com", "shop.example.com")
    routes = [(random.choice(hosts), "/" + "a" * random.choice((0, 1, 1, 1, 7, 126))) for _ in range(500)]
    assert in_order(added(routes, others=range(LAST, LAST - 300, -1)))


def test_all_move_where_no_number_is_free_between_two() -> None:
    first, last = Numbered("first", 7, rank_of("*", "/long")), Numbered("last", 8, rank_of("*", "/"))
    numbering = number_for(rank_of("*", "/mid"), (first, last), frozenset({7, 8}))
    assert numbering.moves["first"] < numbering.number < numbering.moves["last"]


def test_no_number_is_left() -> None:
    full = frozenset(range(1, LAST + 1))
    with pytest.raises(ProviderError, match="no number left for another rule"):
        number_for(rank_of("*", "/"), (), full)
