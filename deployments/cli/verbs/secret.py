"""Commands about a stack's secrets. A value is read from a prompt or a pipe, and never printed."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called

from typing import Annotated

import typer

from deployments.cli.app import App

app = App(
    help="""Set, list and remove the secrets of a stack.

    Examples:
    tenfold secret set shop stripe     asks for its value
    tenfold secret set shop stripe < stripe.key
    tenfold secret list shop
    """
)
Stack = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name, as in env: {KEY: {secret: NAME}}.")]


@app.command("set")
def set_(
    stack: Stack,
    name: Name,
    binary: Annotated[
        bool,
        typer.Option("--binary", help="Keep bytes as they are: a service gets the path of a file, in KEY_FILE."),
    ] = False,
    short: Annotated[
        bool, typer.Option("--short", help="Allow fewer than 8 characters, which cannot be redacted in logs.")
    ] = False,
) -> None:
    """Keep a secret, encrypted. Asks for its value, or reads it from a pipe.

    It is text in UTF-8; a byte order mark and one line end at its end are taken off. With --binary it is what was piped
    in, byte by byte: where the spec says env: {KEY: {secret: NAME}}, the service gets KEY_FILE, the path of a file.

    Examples:
    tenfold secret set shop stripe
    tenfold secret set shop stripe < stripe.key
    tenfold secret set shop keystore --binary < keystore.p12
    """
    from deployments.cli.views.secret import put

    put(stack, name, binary=binary, short=short)


@app.command("list")
def list_(stack: Stack) -> None:
    """The names of a stack's secrets, never their values.

    Examples:
    tenfold secret list shop
    """
    from deployments.cli.views.secret import every

    every(stack)


@app.command()
def remove(stack: Stack, name: Name) -> None:
    """Erase a secret, every version of it.

    Examples:
    tenfold secret remove shop stripe
    """
    from deployments.cli.views.secret import erase

    erase(stack, name)
