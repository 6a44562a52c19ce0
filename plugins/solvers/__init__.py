"""The mean-field solvers that ship with mfplug, one file each."""
