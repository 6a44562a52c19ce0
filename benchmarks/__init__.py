"""How fast mfplug is, as ratios to other codes on the same machine.

``python -m benchmarks`` runs every module ``bench_NAME.py`` of this folder and writes
one page with tables and figures. A module has ``TITLE``, a docstring that says what is
compared with what, and ``cases(settings)``, which yields :class:`Case` and
:class:`Skip` objects of :mod:`benchmarks.harness`. It may have ``draw(figure, rows)``
for a figure of its own. Nothing has to be registered.
"""
