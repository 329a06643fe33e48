"""Reads what the status page, the report and /metrics show: from the ledger alone, so that no target is waited for.

It changes nothing. `infra_specs.overview` makes the texts and figures of it.
"""
