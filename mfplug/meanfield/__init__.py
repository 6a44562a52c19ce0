"""The mean field: solving for it, the splines that carry it, averages over it."""

from mfplug.meanfield.pushforward import average, moments, spatial_density
from mfplug.meanfield.suprema import growth_supremum, score_supremum, slope_supremum

__all__ = [
    "average",
    "growth_supremum",
    "moments",
    "score_supremum",
    "slope_supremum",
    "spatial_density",
]
