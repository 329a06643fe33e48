"""The verbs of the command line, one file each: its name, its arguments, its help and what it does.

A verb imports what it needs when it is called: `tenfold --help` does not load SQLAlchemy. How its result
looks is in `views`. Help shows the verbs in the order of the imports below.
"""
# ruff: noqa: F401, I001 - importing a verb registers it; the order is that of the help

from deployments.cli.verbs import demo
from deployments.cli.verbs import init, import_, up, down, doctor
from deployments.cli.verbs import provision, deploy, rollback, scale, teardown, reconcile, autoscale, grow, run
from deployments.cli.verbs import backup, restore, silence
from deployments.cli.verbs import plan, status, alerts, backups, releases, diff, history, why, replay
from deployments.cli.verbs import advise, debt, page, report, logs, exec, open, show
from deployments.cli.verbs import secret, hosts, aws, server, token, schema
from deployments.cli.verbs import pull, export, version, upgrade
