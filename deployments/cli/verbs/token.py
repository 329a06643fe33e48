"""`tenfold token`: the login of a program."""

from deployments.cli.app import INSTALLATION_PANEL, app


@app.command(rich_help_panel=INSTALLATION_PANEL)
def token() -> None:
    """Print what a program sends to the API to log in, as user:password.

    It is good for everything: keep it as you keep a password.

    Examples:
    export TENFOLD_API_TOKEN=$(tenfold token)
    """
    from deployments.server.login import callers_login
    from tasks.base.settings import settings

    print(callers_login(settings()).text)
