"""Write the language's JSON Schema where editors find it: `python -m deployments.write_schema`, from the repository."""

from pathlib import Path

from infra_specs.stackfile.reading.schema import SCHEMA_FILE, schema_text


def main() -> None:
    """Write the schema's file below the current folder, and its folder where there is none."""
    file = Path(SCHEMA_FILE)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
