"""A stack as the ledger knows it, made ready to run: its record, its release, images, certificate and checks.

It decides nothing of its own: `infra_specs` does. Called by flows and by the views of the command line.
"""
