"""Ports of a machine that several stacks share: which hosts each claims there, and the front that leads to them.

Pure. The ledger keeps the claims, the catalogue tells each proxy what the front took over.
"""
