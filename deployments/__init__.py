"""Where and when: the control plane, its schedules, and the command line."""
