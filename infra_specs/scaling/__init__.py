"""How many replicas a service gets as its users come and go, each time with the reason.

A pipeline of small functions; `decide` is its entrance. Measuring is in `tasks.metrics`. The time is an argument.
"""
