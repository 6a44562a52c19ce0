"""The external potentials that ship with mfplug, one file each."""
