"""Forces and energies at points, from weighted sources: six ways behind one door."""

from mfplug.dynamics.sums.pairsum import PairSum
from mfplug.dynamics.sums.refuse import METHODS

__all__ = ["METHODS", "PairSum"]
