"""The contracts of the six kinds of plugin, and what they exchange."""
