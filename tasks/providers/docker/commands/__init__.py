"""Commands inside a container, with a person's terminal or with a program's bytes. Called by the shell part alone."""
