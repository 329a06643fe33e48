"""Whatever becomes of a source or of the money, no service is left with fewer replicas than its users need."""

from pathlib import Path

import pytest

from tests.tasks.autoscaling.faults import Told, of_a_budget, of_a_source, sources

SILENT = "no metrics answered, so the count stays"


@pytest.mark.parametrize("name", sources)
def test_a_fault_of_the_source_changes_no_count(name: str, tmp_path: Path) -> None:
    told = of_a_source(name, tmp_path)
    assert told.before > 4, "40 requests in flight, 10 for each"
    assert {told.fewest, told.most, told.after} == {told.before}
    if name == "the source is frozen":
        assert told.said == "the metrics are old, so the count stays"
    elif name != "the source is restarted":
        assert told.said == SILENT


def test_a_budget_that_ends_in_a_spike_stops_growth_and_says_so(tmp_path: Path) -> None:
    told: Told = of_a_budget(tmp_path)
    assert told.before < told.most < 15, "150 requests in flight would have 15 and more"
    assert told.fewest >= told.before
    assert "is left of the month's budget" in told.said
