"""`tenfold import`: a stack file out of a Compose file or a Procfile."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.app import BEGIN_PANEL, app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra_specs.compose.document import ComposeDocument
    from infra_specs.compose.import_stack import Imported
    from infra_specs.compose.not_carried import NotCarried


@app.command("import", rich_help_panel=BEGIN_PANEL)
def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A Compose file, or a Procfile.")],
    output: Annotated[str, typer.Option("--output", "-o", help="The stack file to write.")] = "stack.yaml",
    name: Annotated[str, typer.Option("--name", help="The stack's name; the folder's unless given.")] = "",
    users: Annotated[int, typer.Option("--users", min=1, max=10**9, help="Users a month.")] = 1000,
    profile: Annotated[list[str] | None, typer.Option("--profile", help="A profile of the Compose file.")] = None,
) -> None:
    """Write a stack file that runs what a Compose file or a Procfile describes.

    Says of each key that it could not carry over why, and what to do instead.
    What holds a secret becomes one: its value is not written. Never overwrites.

    Examples:
    tenfold import compose.yaml
    tenfold import Procfile -o staging.yaml --name shop-staging
    """
    import re
    from pathlib import Path

    from deployments.cli.terminal.output import console, lay, say
    from deployments.cli.verbs.init import show_next, write_new, write_schema
    from infra_specs.compose.faults import in_words_of
    from infra_specs.compose.moved_draft import moved_draft
    from infra_specs.errors import SpecError
    from infra_specs.projects.draft import stack_name
    from infra_specs.projects.draft_text import draft_text
    from infra_specs.stackfile.models.service import NAME_PATTERN
    from infra_specs.stackfile.reading.load import load

    path, to = Path(file), console()
    refuse_folder(Path(output))
    if name and not re.fullmatch(NAME_PATTERN, name):
        raise SpecError(f"--name: `{name}` is no name. Write a small letter, then small letters, digits and dashes.")
    imported, own_name = read_file(path, profile or [])
    name = name or stack_name(own_name or path.absolute().parent.name)
    draft = moved_draft(imported.draft, str(path.absolute().parent), str(Path(output).absolute().parent))
    text = draft_text(draft, name, users, str(write_schema()))
    for guess in imported.draft.guesses:
        say(to, str(guess))
    if imported.not_carried:
        say(to, "Not carried over:")
        lay(to, [[lost.path, f"{lost.why}. Instead: {lost.instead}."] for lost in imported.not_carried])
    try:
        load(text, output)
    except SpecError as fault:
        raise in_words_of(file, imported.names, fault) from None
    write_new(Path(output), text)
    show_next(imported.draft, name, output)


def read_file(path: "Path", profiles: list[str]) -> "tuple[Imported, str]":
    """What the file describes, and the name that it gives itself, or none. Raises SpecError if it can be neither."""
    import os
    from dataclasses import replace

    from infra_specs.compose.document import compose_document
    from infra_specs.compose.import_stack import Imported, import_compose
    from infra_specs.compose.variables import env_file
    from infra_specs.projects.draft import Draft
    from infra_specs.projects.folder import Guess
    from infra_specs.projects.procfile import procfile_services
    from tasks.base.read_project import read_project

    text = _text_of(path)
    if path.name.startswith("Procfile") or path.suffix == ".Procfile":
        folder = read_project(path.absolute().parent)
        services = procfile_services(text, path.name, "/", f"{folder.venv}/bin" if folder.has_venv else "")
        guesses = (Guess(f"processes {', '.join(service.name for service in services)}", path.name),)
        return Imported(Draft(services, "local", (), guesses), ()), ""
    beside = path.with_name(".env")
    variables = {**(env_file(_text_of(beside)) if beside.is_file() else {}), **os.environ}
    document = compose_document(text, str(path), variables)
    imported = import_compose(document, env_files_of(path, document), profiles)
    return replace(
        imported, not_carried=(*imported.not_carried, *_without_dockerfile(path.parent, imported))
    ), document.name


def _without_dockerfile(folder: "Path", imported: "Imported") -> "Iterator[NotCarried]":
    """The builds of folders that have no Dockerfile."""
    from infra_specs.compose.not_carried import NotCarried

    for service in imported.draft.services:
        build = service.keys.get("build")
        parts = build if isinstance(build, dict) else {"context": build}
        context, file = str(parts["context"]), str(parts.get("dockerfile", "Dockerfile"))
        is_address = "://" in context or context.startswith(("git@", "github.com/"))
        if build and not is_address and not (folder / context / file).is_file():
            path = f"services.{imported.names[service.name]}.build `{context}`"
            yield NotCarried(path, f"there is no {file} in it", "write one before `tenfold up`")


def env_files_of(path: "Path", document: "ComposeDocument") -> dict[str, str]:
    """The texts of the env files that services name and that are there, by the path as it is written."""
    files = {name: path.parent / name for name in document.env_files}
    return {name: _text_of(file) for name, file in files.items() if file.is_file()}


def refuse_folder(output: "Path") -> None:
    """Raise SpecError if the file to write is in a folder that is not there, or that takes no file."""
    import os

    from infra_specs.errors import SpecError

    if not output.parent.is_dir():
        raise SpecError(f"{output} cannot be written: there is no folder {output.parent}. Make it first.")
    if not os.access(output.parent, os.W_OK):
        raise SpecError(f"{output} cannot be written: the folder {output.parent} takes no file of yours.")


MOST_BYTES = 1_000_000


def _text_of(path: "Path") -> str:
    from infra_specs.errors import SpecError

    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise SpecError(f"{path} has {size / 1e6:.1f} MB; at most {MOST_BYTES // 10**6} MB is read.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecError(f"{path} cannot be read: {why}.") from error
