"""The runbooks: one file a flow, short enough to read aloud."""
