"""How a stack stands, for its owner: debts, what the status page shows, and the report.

All of it is computed from what the ledger holds. `tasks.overview` reads that; nothing here changes a stack.
"""
