"""The product under a virtual clock, without Prefect: one seed gives a sequence of commands, faults and accidents.

    seed ─▶ events ─▶ the flows themselves, on the memory target and a ledger ─▶ quiet ─▶ properties

Nothing of the product is copied. What Prefect does for a run (retries, names, pages) is replaced in `product`; what
befalls a run (kill, pause, lost answer, stale observation) in `process` and `target`. No process, no network, no wait.
"""
