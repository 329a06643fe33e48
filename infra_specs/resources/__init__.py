"""The words that every floor shares: an address, a desired resource, an observed instance.

No rule on what to do with them belongs here. It imports nothing but errors.
"""
