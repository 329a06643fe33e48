"""A manifest is whole or none, and tells what a restored database lacks."""

import json
from dataclasses import replace

import pytest

from infra_specs.backup.manifest import (
    DatabaseContent,
    DatabaseCopy,
    Manifest,
    Sequence,
    StoredFile,
    Table,
    differences,
    fall_of,
    from_json,
    to_json,
)
from infra_specs.errors import BackupFault

pytestmark = pytest.mark.pure

ORDERS = Table("public", "orders", 3, "77")
NUMBERS = Sequence("public", "orders_id_seq", 10)
HELD = DatabaseContent((ORDERS,), (NUMBERS,), ("public.totals",))


def manifest(rows: int = 3, size: int = 100) -> Manifest:
    content = DatabaseContent((replace(ORDERS, rows=rows),))
    copy = DatabaseCopy("database/main", "app", 8_000_000, 18, content, StoredFile("shop/b/database-0.age", size, "ab"))
    return Manifest("shop", "20261101-040000", 1.0, 2.0, "local", 3, (copy,), {}, {"volume/web.data": "not yet"})


def test_it_is_read_back() -> None:
    assert from_json(to_json(manifest())) == manifest()


def test_cut_off_anywhere_it_is_none() -> None:
    whole = to_json(manifest())
    for length in range(len(whole)):
        with pytest.raises(BackupFault, match="cut off"):
            from_json(whole[:length])


def test_one_of_a_newer_version_is_refused() -> None:
    with pytest.raises(BackupFault, match="newer version"):
        from_json(to_json(replace(manifest(), format=2)))


@pytest.mark.parametrize(
    ("restored", "said"),
    [
        (HELD, []),
        (replace(HELD, sequences=(replace(NUMBERS, value=12),)), []),
        (
            replace(HELD, sequences=(replace(NUMBERS, value=9),)),
            ["the sequence public.orders_id_seq stands at 9 in place of 10"],
        ),
        (replace(HELD, sequences=()), ["the sequence public.orders_id_seq is missing"]),
        (replace(HELD, views=()), ["the view public.totals is missing"]),
        (replace(HELD, tables=()), ["the table public.orders is missing"]),
        (replace(HELD, tables=(replace(ORDERS, rows=2),)), ["public.orders has 2 rows in place of 3"]),
        (replace(HELD, tables=(replace(ORDERS, checksum="78"),)), ["public.orders has other rows"]),
        (replace(HELD, tables=(ORDERS, Table("a", "b", 0, "0"))), ["the table a.b is not of the backup"]),
    ],
)
def test_what_differs_is_named(restored: DatabaseContent, said: list[str]) -> None:
    assert list(differences(HELD, restored)) == said


@pytest.mark.parametrize(("value", "said"), [(-11, 0), (-9, 1), (-10, 0)])
def test_a_sequence_that_counts_down_is_past_it_below(value: int, said: int) -> None:
    down = Sequence("public", "down", -10, is_ascending=False)
    restored = DatabaseContent(sequences=(replace(down, value=value),))
    assert len(list(differences(DatabaseContent(sequences=(down,)), restored))) == said


@pytest.mark.parametrize(
    ("rows", "size", "note"),
    [
        (3, 100, "None"),
        (2, 50, "None"),
        (1, 100, "compared with 20261101-040000, its rows fell from 3 to 1"),
        (0, 49, "compared with 20261101-040000, its rows fell from 3 to 0 and its bytes fell from 100 to 49"),
        (3, 49, "compared with 20261101-040000, its bytes fell from 100 to 49"),
    ],
)
def test_a_fall_by_more_than_half_is_loud(rows: int, size: int, note: str) -> None:
    assert str(fall_of(manifest(), manifest(rows, size))) == note


def test_a_fall_is_a_part_of_the_manifest() -> None:
    fallen = replace(manifest(), fall=fall_of(manifest(), manifest(1)))
    assert from_json(to_json(fallen)) == fallen
    older = json.loads(to_json(manifest()))
    del older["fall"]
    assert from_json(json.dumps(older).encode()) == manifest()
