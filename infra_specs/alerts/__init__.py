"""Alerts, decided: what is wrong, since when, what to do, when it is told, and its end.

No ledger, no target and no clock belongs here. Called by tasks/alerts and by the command line.
"""
