"""Keeps processes alive without root, systemd or Docker: those of the embedded target and of the control plane.

It knows no stack, only commands, ports and folders. Called by `tasks.providers.local` and `deployments.server`.
"""
