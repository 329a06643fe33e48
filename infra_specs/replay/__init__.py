"""What a scaling policy would have done with recorded users, what they would have lost, and what it would cost.

It plays the scaler's own decisions over old measurements. Called by `tenfold replay` and the benchmarks.
"""
