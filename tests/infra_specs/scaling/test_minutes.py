"""Which minute counts, and what is known of it."""

import pytest

from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.minutes import Minutes, newest_minute

pytestmark = pytest.mark.pure

NOON = 43_200.0
BUSY = Minutes({NOON: 600.0, NOON + 60: 1200.0}, {NOON: 30.0, NOON + 60: 120.0}, {NOON: 2.0, NOON + 60: 3.0})

LONG = Minutes(
    {NOON + 60 * minute: 600.0 for minute in range(4)},
    {NOON + 60 * minute: 30.0 for minute in range(4)},
    {NOON + 60 * minute: 2.0 for minute in range(4)},
)


@pytest.mark.parametrize(
    ("groups", "moment", "expected"),
    [
        pytest.param([BUSY], NOON + 120, Measurement(NOON + 120, 60, 20.0, 2.0, serving=3), id="the newest"),
        pytest.param([BUSY], NOON + 119, Measurement(NOON + 60, 60, 10.0, 0.5, serving=2), id="not over yet"),
        pytest.param(
            [Minutes(healthy={NOON: 2.0})], NOON + 60, Measurement(NOON + 60, 60, 0.0, 0.0, serving=2), id="quiet"
        ),
        pytest.param([Minutes({NOON: 600.0})], NOON + 60, None, id="nobody says that it was measured"),
        pytest.param(
            [Minutes({NOON + 60: 600.0}, {}, {NOON: 2.0})], NOON + 120,
            Measurement(NOON + 60, 60, 0.0, 0.0, serving=2), id="requests of a minute that is not known yet",
        ),
        pytest.param([], NOON, None, id="no group"),
        pytest.param([Minutes()], NOON, None, id="no point"),
        pytest.param([BUSY], NOON + 420, Measurement(NOON + 120, 60, 20.0, 2.0, serving=3), id="five minutes old"),
        pytest.param(
            [BUSY], NOON + 421, Measurement(NOON + 120, 60, 20.0, 2.0, serving=3, status="stale"), id="older"
        ),
        pytest.param(
            [BUSY, Minutes({NOON + 60: 60.0}, {NOON + 60: 60.0}, {NOON + 60: 1.0})], NOON + 120,
            Measurement(NOON + 120, 60, 21.0, 3.0, serving=4), id="two releases",
        ),
        pytest.param(
            [BUSY, Minutes({NOON: 60.0}, {NOON: 60.0}, {NOON: 1.0})], NOON + 120,
            Measurement(NOON + 60, 60, 11.0, 1.5, serving=3), id="the newest that both have",
        ),
        pytest.param(
            [LONG, Minutes({NOON: 60.0}, {NOON: 60.0}, {NOON: 1.0})], NOON + 240,
            Measurement(NOON + 240, 60, 10.0, 0.5, serving=2, status="partial"), id="one is long behind",
        ),
        pytest.param(
            [BUSY, Minutes({NOON: 60.0}, {}, {NOON: 1.0, NOON + 60: 0.0})], NOON + 120,
            Measurement(NOON + 120, 60, 20.0, 2.0, serving=3), id="nobody of one is healthy",
        ),
        pytest.param(
            [BUSY, Minutes()], NOON + 120, Measurement(NOON + 120, 60, 20.0, 2.0, serving=3), id="no points of one"
        ),
        pytest.param([Minutes({NOON: 600.0}, {}, {NOON: 0.0})], NOON + 60, None, id="nobody is healthy"),
        pytest.param(
            [Minutes({NOON: 600.0}, {}, {NOON: 2.0, NOON + 60: 0.0})], NOON + 120,
            Measurement(NOON + 60, 60, 10.0, 0.0, serving=2), id="nobody is healthy any more",
        ),
        pytest.param(
            [Minutes({}, {}, {NOON: 1.0}), Minutes({}, {}, {NOON + 60: 1.0})], NOON + 120,
            Measurement(NOON + 120, 60, 0.0, 0.0, serving=1, status="partial"), id="no minute that both have",
        ),
    ],
)  # fmt: skip
def test_what_is_known(groups: list[Minutes], moment: float, expected: Measurement | None) -> None:
    assert newest_minute(groups, moment) == expected
