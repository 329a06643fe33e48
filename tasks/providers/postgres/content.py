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
_LARGE_OBJECTS = ("pg_catalog", "pg_largeobject")


def content_of(session: Psql) -> DatabaseContent:
    """All that the session's database holds. In a transaction of one snapshot it is of one moment."""
    tables, sequences, views = list[Table](), list[Sequence](), list[str]()
    for kind, schema, name, is_ascending in session.ask(_RELATIONS):
        qualified = f"{identifier(schema)}.{identifier(name)}"
        if kind == "r":
            tables.append(_table(session, schema, name))
        elif kind == "S":
            (value,) = session.ask(_VALUE.format(sequence=qualified))
            sequences.append(Sequence(schema, name, value, is_ascending))
        else:
            views.append(f"{schema}.{name}")
    large = _table(session, *_LARGE_OBJECTS)
    return DatabaseContent((*tables, *([large] if large.rows else [])), tuple(sequences), tuple(views))


def _table(session: Psql, schema: str, name: str) -> Table:
    ((rows, checksum),) = session.ask(_ROWS.format(table=f"{identifier(schema)}.{identifier(name)}"))
    return Table(schema, name, rows, checksum)
