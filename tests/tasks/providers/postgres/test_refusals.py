"""A server that lacks something is told from a dump that cannot be restored."""

import pytest

from infra_specs.errors import OutOfResources, ProviderError, TransientError
from tasks.providers.postgres.refusals import lacks_told

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('pg_restore ended with 1: ERROR: could not extend file "base/5/1": No space left on device', OutOfResources),
        ('PostgreSQL says: ERROR: could not write to file "base/1": Disk quota exceeded', OutOfResources),
        ("pg_restore ended with 1: ERROR: out of memory DETAIL: Failed on request of size 8", OutOfResources),
        ("pg_restore ended with 1: server closed the connection unexpectedly", OutOfResources),
        ("pg_restore ended with 137: it said nothing", OutOfResources),
        ("pg_restore ended with -9: it said nothing", OutOfResources),
        ("psql ended with 2: FATAL: sorry, too many clients already", OutOfResources),
        ("pg_restore ended with 1: FATAL: the database system is in recovery mode", OutOfResources),
        ("pg_restore ended with 1: ERROR: duplicate key value violates unique constraint", ProviderError),
        ("pg_restore ended with 1: could not read from input file: end of file", ProviderError),
        ('pg_restore ended with 1: ERROR: extension "postgis" is not available', ProviderError),
        ("pg_restore ended with 1: line 137 is bad", ProviderError),
    ],
)
def test_whose_fault_it_is(message: str, expected: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as raised, lacks_told():
        raise ProviderError(message)
    assert type(raised.value) is expected
    assert str(raised.value) == message


def test_what_may_be_tried_again_stays_that() -> None:
    with pytest.raises(TransientError), lacks_told():
        raise TransientError("too many connections")
