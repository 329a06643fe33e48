"""From users to sizes, by Little's law, with the arithmetic shown."""
