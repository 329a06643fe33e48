"""One file a kind: the driver of a kind, or of several that are alike. Called by the provider alone."""
