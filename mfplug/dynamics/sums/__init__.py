"""Forces and energies at points, from weighted sources: six ways behind one door."""

from mfplug.dynamics.sums.pairsum import METHODS, PairSum

__all__ = ["METHODS", "PairSum"]
