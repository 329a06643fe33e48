"""The kinds of resource on the local target: how each is made, changed, looked at and ended.

A driver is a class here; what a process of a kind runs is a function in the kind's own file. Called by the provider.
"""
