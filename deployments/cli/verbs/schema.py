"""`tenfold schema`: the JSON Schema of a spec."""

from deployments.cli.app import INSTALLATION_PANEL, app


@app.command(rich_help_panel=INSTALLATION_PANEL)
def schema() -> None:
    """The JSON Schema of a spec, for editors.

    Examples:
    tenfold schema > stack-v1.json
    """
    from infra_specs.stackfile.reading.schema import schema_text

    print(schema_text(), end="")
