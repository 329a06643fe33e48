"""Keeps processes alive without root, systemd or Docker: the embedded target's and the control plane's."""
