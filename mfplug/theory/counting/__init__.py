"""The counting measure alpha of Definition 2.3 on a finite one-particle space.

- ``measure``: the entry, ``result``: what it returns; ``solve``: the order of methods;
- ``lattice``: occupations and multinomial masses; ``certify``: the proved bracket;
- ``network``: the layered linear program, ``cuts``: its dual by cutting planes;
- ``windows``: the small program of two cells, ``window_face``: its optimal face;
- ``face``: the optimal face; ``positive``: alpha+; ``hamming``: dbar;
- ``samples``: alpha from samples; ``laws``: exact laws of occupations.
"""

from __future__ import annotations

from mfplug.theory.counting.measure import counting_measure
from mfplug.theory.counting.result import CountingMeasure

__all__ = ["CountingMeasure", "counting_measure"]
