"""The application that commands hang on, and how errors leave it."""

import sys
from collections.abc import Callable
from math import isfinite
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from deployments.cli import first_sign
from infra_specs.errors import PlanError, SpecError, TenfoldError, UnknownStack

F = TypeVar("F", bound=Callable[..., Any])

EXIT_REFUSED = 2
"""The exit code of a command that was refused before anything ran."""
EXIT_FAILED = 1
BEGIN_PANEL, CHANGE_PANEL = "Begin", "Change a stack"
LOOK_PANEL, INSTALLATION_PANEL = "Look at a stack", "This installation"
"""The headings under which help lists the verbs."""
REFUSALS = (SpecError, PlanError, UnknownStack)


class _PlainFlags:
    """Shows a flag without a value. Typer would show `<bool>`."""

    def get_params(self, ctx: Any) -> Any:
        parameters = super().get_params(ctx)  # type: ignore[misc]  # of the command that this is mixed into
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
        return parameters


class Command(_PlainFlags, TyperCommand):
    """The class of every command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse `nan` and `inf`: they are numbers to Python, and within every bound."""
        rest = super().parse_args(ctx, args)
        for parameter in self.params:
            value = ctx.params.get(parameter.name)
            if isinstance(value, float) and not isfinite(value):
                raise typer.BadParameter(f"found {value}, must be a finite number.", ctx, parameter)  # type: ignore[arg-type]  # it is one
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run it; one that changes a stack shows at once that it begins."""
        if self.rich_help_panel == CHANGE_PANEL:
            first_sign.show(f"{ctx.info_name} begins")
        try:
            return super().invoke(ctx)
        finally:
            first_sign.erase()


class Commands(_PlainFlags, TyperGroup):
    """Prints an error of ours without a traceback. Any other error is a bug and keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TenfoldError as error:
            from tasks.base.known_secrets import known_secrets  # noqa: PLC0415 - most commands end well

            print(known_secrets.shown(str(error)), file=sys.stderr)
            if not isinstance(error, REFUSALS):
                _explain_full_disk(str(error))
            raise typer.Exit(EXIT_REFUSED if isinstance(error, REFUSALS) else EXIT_FAILED) from None
        except OSError as error:
            from tasks.base.disk import is_full  # noqa: PLC0415 - most commands end well

            if not is_full(error):
                raise
            print(f"{error.filename or 'A file'} cannot be written: the disk is full.", file=sys.stderr)
            _explain_full_disk("")
            raise typer.Exit(EXIT_FAILED) from None


def _explain_full_disk(said: str) -> None:
    """Say what uses the home's disk if that is full, whatever failed for it; nothing if it has been said."""
    from tasks.base.disk import explanation, has_space  # noqa: PLC0415 - most commands end well
    from tasks.base.settings import settings  # noqa: PLC0415

    try:
        home = settings().home
        if not has_space(home) and said != (full := explanation(home)):
            print(full, file=sys.stderr)
    except (TenfoldError, OSError):
        return  # another fault has been told


class App(typer.Typer):
    """An application, or a group of commands, whose help and errors look like those of all others."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"cls": Commands, "no_args_is_help": True, "rich_markup_mode": "rich", **settings})

    def command(self, name: str | None = None, **settings: Any) -> Callable[[F], F]:
        return super().command(name, cls=Command, **settings)


# Pretty tracebacks print local variables, which may hold a secret.
app = App(pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]})


def _print_version(flag: bool) -> None:
    if flag:
        from importlib.metadata import version  # noqa: PLC0415

        print(f"tenfold {version('tenfold')}")
        raise typer.Exit


@app.callback()
def tenfold(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Infrastructure for the users you have, times ten.

    Write down what your app needs and how many people use it today;
    Tenfold builds it, sized for ten times as many, and explains every
    decision. [bold]tenfold demo[/bold] shows all of it in a minute.

    The usual way:
      tenfold init                   a stack file for the project in this folder
      tenfold up                     what would be built, at what cost; build it
      tenfold status                 what runs where, and how well
      tenfold down                   take it down; its data stays

    Exit codes: 0 done; 1 failed; 2 refused before anything was touched.
    """
