"""Commands about Tenfold itself."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called


def demo() -> None:
    """Run a whole stack on this machine: app, PostgreSQL, Valkey, proxy, and the UI to steer it.

    Needs nothing but what is installed already. Running it again is fine;
    [bold]tenfold teardown quickstart[/bold] takes it down.

    Examples:
    tenfold demo
    tenfold status quickstart      what it runs, afterwards
    tenfold scale quickstart web 5
    """
    from deployments.cli.demo import demo as tell

    tell()


def schema() -> None:
    """The JSON Schema of a spec, for editors.

    Examples:
    tenfold schema > stack-v1.json
    """
    from infra_specs.stackfile.reading.schema import schema_text

    print(schema_text(), end="")
