"""Certificates of the proxy: what they hold, and whether they can be used. They are read from their text.

Opening files belongs in `tasks.stack`. Nothing here does I/O.
"""
