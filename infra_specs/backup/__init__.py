"""Backups, as data: what one holds, when it is made, when it is compared, and how long it is kept.

No store, no database and no clock belongs here. Called by tasks/backups, by flows, and by the command line.
"""
