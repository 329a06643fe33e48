"""Text that an app wrote, made fit to be shown and kept: bounded, and without a character that steers a terminal.

Here is every bound and the one way to show a character. Reading a log belongs to the providers.
"""
