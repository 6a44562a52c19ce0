"""Studies: configuration, cells, the six steps and what follows from their rows."""
