"""The metrics that ship with mfplug, one file each."""
