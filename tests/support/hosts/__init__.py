"""Hosts for tests: containers with systemd and sshd as their programs, and an engine of their own each."""
