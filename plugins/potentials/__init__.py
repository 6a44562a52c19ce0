"""The potentials that ship with mfplug, one file each."""
