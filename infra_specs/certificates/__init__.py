"""Certificates of the proxy: what is in them, and whether they can be used. Read from their text; no I/O."""
