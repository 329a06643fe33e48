"""What a database holds: the rows of each table and a checksum over them, from one snapshot."""

from infra_specs.backup.manifest import DatabaseContent, Sequence, Table
from tasks.providers.postgres.psql import Psql, identifier

# Not those of an extension, which makes them itself, and no temporary ones.
_RELATIONS = """\
SELECT json_build_array(c.relkind, n.nspname, c.relname, coalesce(s.seqincrement > 0, true))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_sequence s ON s.seqrelid = c.oid
WHERE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
  AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname"""
_ROWS = """\
SELECT json_build_array(count(*), coalesce(sum(hashtextextended((tenfold_row.*)::text, 0)::numeric), 0)::text)
FROM ONLY {table} tenfold_row"""
_VALUE = "SELECT to_json(last_value) FROM {sequence}"
_ANY_LARGE_OBJECT = "SELECT to_json(oid) FROM pg_largeobject_metadata LIMIT 1"
_LARGE_OBJECTS = ("pg_catalog", "pg_largeobject")


def content_of(session: Psql, sequences: tuple[Sequence, ...] | None = None) -> DatabaseContent:
    """All that the session's database holds. In a transaction of one snapshot it is of one moment.

    `sequences`: as they were before, where something else reads them meanwhile.
    """
    if sequences is None:
        sequences = sequences_of(session)
    relations = session.ask(_RELATIONS)
    tables = [_table(session, schema, name) for kind, schema, name, _ in relations if kind == "r"]
    views = tuple(f"{schema}.{name}" for kind, schema, name, _ in relations if kind == "m")
    large = _table(session, *_LARGE_OBJECTS)
    return DatabaseContent((*tables, *([large] if large.rows else [])), sequences, views)


def sequences_of(session: Psql) -> tuple[Sequence, ...]:
    """The sequences of the session's database as they are now: no snapshot holds them."""
    relations = session.ask(_RELATIONS)
    return tuple(_sequence(session, *relation) for kind, *relation in relations if kind == "S")


def is_empty(session: Psql) -> bool:
    """Whether nobody has made a table, a sequence or a large object in the session's database."""
    return not session.ask(_RELATIONS) and not session.ask(_ANY_LARGE_OBJECT)


def _sequence(session: Psql, schema: str, name: str, is_ascending: bool) -> Sequence:
    (value,) = session.ask(_VALUE.format(sequence=f"{identifier(schema)}.{identifier(name)}"))
    return Sequence(schema, name, value, is_ascending)


def _table(session: Psql, schema: str, name: str) -> Table:
    ((rows, checksum),) = session.ask(_ROWS.format(table=f"{identifier(schema)}.{identifier(name)}"))
    return Table(schema, name, rows, checksum)
