"""Targets that measure themselves, in periods."""

import time

from tasks.providers.seam.provider import KindProvider


class MeasuresContract:
    """Subclass it with fixtures `provider` and `loaded`, a stack whose service `web` had requests for two periods."""

    def test_it_has_a_period_and_no_counts(self, provider: KindProvider) -> None:
        assert provider.measures is not None
        assert provider.measures.period > 0
        assert provider.traffic is None, "who reads counters must not add them to these"

    def test_of_an_unknown_stack_nothing_is_measured(self, provider: KindProvider) -> None:
        assert provider.measures is not None
        assert provider.measures.measured("nobody") == {}

    def test_it_tells_of_a_whole_period_that_is_over(self, provider: KindProvider, loaded: str) -> None:
        assert provider.measures is not None
        web = provider.measures.measured(loaded)["web"]
        assert web.seconds == provider.measures.period
        assert web.at <= time.time()
        assert (web.requests_per_second or 0) > 0
        assert web.status == "fresh"
