"""Containers as data, and how they are made, started and removed.

What a kind wants run belongs in `kinds`. Called by the drivers and by the sweep.
"""
