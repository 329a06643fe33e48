"""How long a new instance may take, and how often it is looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.catalogue.ready_seconds import MOST_LOOKS, look_delays, ready_seconds

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("provider", "kind", "seconds"),
    [
        ("local", "replica", 90),
        ("local", "database", 90),
        ("docker", "replica", 90),
        ("docker", "proxy", 90),
        ("memory", "service", 90),
        ("local", "job", 3600),
        ("aws", "job", 3600),
        ("aws", "database", 1200),
        ("aws", "route", 90),
        ("unheard-of", "replica", 90),
    ],
)
def test_the_table(provider: str, kind: str, seconds: float) -> None:
    assert ready_seconds(provider, kind) == seconds


@given(st.floats(0.001, 7 * 86_400))
def test_looks_are_few_and_cover_the_whole_time(seconds: float) -> None:
    delays = look_delays(seconds)
    assert len(delays) + 1 <= MOST_LOOKS
    assert sum(delays) == pytest.approx(seconds)
    assert all(delay > 0 for delay in delays)


@given(st.floats(0.001, 86_400))
def test_the_delays_grow_until_the_last_which_is_cut(seconds: float) -> None:
    *delays, _ = look_delays(seconds)
    assert delays == sorted(delays)


@given(st.floats(0.001, 86_400), st.floats(1, 100))
def test_the_poll_slows_with_the_time_that_a_kind_takes(seconds: float, factor: float) -> None:
    quick, slow = look_delays(seconds), look_delays(seconds * factor)
    assert all(soon <= late * (1 + 1e-9) for soon, late in zip(quick[:-1], slow[:-1], strict=False))


def test_what_is_ready_soon_is_seen_soon() -> None:
    assert look_delays(90)[0] == 0.02
    assert max(look_delays(90)) < 6
    assert look_delays(3600)[0] == 0.25


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_time_is_one_look(seconds: float) -> None:
    assert look_delays(seconds) == ()
