"""Many HTTP clients, each through a proxy and straight to an app that says what it was sent: it must say the same."""
