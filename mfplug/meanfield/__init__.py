"""The mean field: solving for it, and the splines that carry it."""
