"""Certificates from an authority: the account, an order and its end, and whether a host's name leads here.

When one is asked for is decided in `infra_specs.certificates`. Flows call it, and see to the proxy.
"""
