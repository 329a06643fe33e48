"""Where and when flows run: the control plane (`server`) and the command line (`cli`).

No decision about a stack belongs here. Nothing below imports it.
"""
