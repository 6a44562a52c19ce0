"""The Snakemake workflow and the studies that ship, as the data of a package.

A wheel carries them as ``mfplug_workflows``: ``mfplug run`` works in any folder.
"""
