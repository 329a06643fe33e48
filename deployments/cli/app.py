"""The application that commands hang on, and how errors leave it."""

import sys
from collections.abc import Callable
from math import isfinite
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from infra_specs.errors import PlanError, SpecError, TenfoldError, UnknownStack

F = TypeVar("F", bound=Callable[..., Any])

EXIT_REFUSED = 2
"""The exit code for what was refused before anything ran."""
EXIT_FAILED = 1
REFUSALS = (SpecError, PlanError, UnknownStack)


class _ShowsFlags:
    """Shows a flag as one: it takes no value, which Typer would show as `<bool>`."""

    def get_params(self, ctx: Any) -> Any:
        found = super().get_params(ctx)  # type: ignore[misc]  # of the command that this is mixed into
        for one in found:
            if getattr(one, "is_flag", False):
                one.metavar = ""
        return found


class Command(_ShowsFlags, TyperCommand):
    """Every command is one of these."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse `nan` and `inf`: they are numbers to Python, and within every bound."""
        rest = super().parse_args(ctx, args)
        for parameter in self.params:
            value = ctx.params.get(parameter.name)
            if isinstance(value, float) and not isfinite(value):
                raise typer.BadParameter(f"found {value}, must be a finite number.", ctx, parameter)  # type: ignore[arg-type]  # it is one
        return rest


class Commands(_ShowsFlags, TyperGroup):
    """Says an error of ours in its own words, without a traceback. Others are bugs and keep theirs."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TenfoldError as error:
            from tasks.base.known_secrets import known_secrets  # noqa: PLC0415 - most commands end well

            print(known_secrets.redacted(str(error)), file=sys.stderr)
            raise typer.Exit(EXIT_REFUSED if isinstance(error, REFUSALS) else EXIT_FAILED) from None


class App(typer.Typer):
    """Commands and groups of them that look alike."""

    def __init__(self, **more: Any) -> None:
        super().__init__(cls=Commands, no_args_is_help=True, rich_markup_mode="rich", **more)

    def command(self, name: str | None = None, **more: Any) -> Callable[[F], F]:
        return super().command(name, cls=Command, **more)


# Pretty tracebacks print local variables, and one of those may be a secret.
app = App(pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]})


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415

        print(f"tenfold {version('tenfold')}")
        raise typer.Exit


@app.callback()
def tenfold(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Infrastructure for the users you have, times ten.

    Write down what your app needs and how many people use it today;
    Tenfold builds it, sized for ten times as many, and explains every
    decision. [bold]tenfold demo[/bold] shows all of it in a minute.

    The usual way:
      tenfold plan stack.yaml        what would be built, why, at what cost
      tenfold provision stack.yaml   build it, or follow a change of the file
      tenfold status                 what runs where, and how well
      tenfold teardown my-stack      take it down; its data stays

    Exit codes: 0 done; 1 failed; 2 refused before anything was touched.
    """
