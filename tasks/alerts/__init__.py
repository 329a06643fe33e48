"""Alerts: what is gathered for them, and how their messages reach a receiver.

What is an alert is decided in `infra_specs.alerts`. Called by the flow autoscale, the control plane and the verbs.
"""
