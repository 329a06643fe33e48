"""Commands about the control plane."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called

from deployments.cli.app import App

app = App(
    help="""Start, stop and look at the control plane: Prefect's server, and what runs our flows.

    Examples:
    tenfold server status
    tenfold server start
    tenfold server open
    tenfold server stop
    """
)


@app.command()
def start() -> None:
    """Start it if it does not run. Verbs that change a stack do this by themselves."""
    from deployments.cli.views.server import start as present

    present()


@app.command()
def stop() -> None:
    """Stop it. Stacks run on; drift is not repaired until it is started again."""
    from deployments.cli.views.server import stop as present

    present()


@app.command("open")
def open_() -> None:
    """Open its UI in a browser, logged in. Prints the address, which is good once and for two minutes."""
    from deployments.cli.views.server import open_ui as present

    present()


@app.command()
def status() -> None:
    """Whether it runs, and where its UI is. Exit code 1 if it is not well."""
    from deployments.cli.views.server import status as present

    present()


def token() -> None:
    """Print what a program sends to the API to log in, as user:password.

    It is good for everything: keep it as you keep a password.

    Examples:
    export TENFOLD_API_TOKEN=$(tenfold token)
    """
    from deployments.cli.views.server import token as present

    present()
