"""What the control plane costs at rest: CPU, memory and writes of each of its processes, beside bare Prefect."""
