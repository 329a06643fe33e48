"""The proxy, as every target that runs one itself knows it: what it is told, in which order, and what it says."""
