"""The integrators that ship with mfplug, one file each."""
