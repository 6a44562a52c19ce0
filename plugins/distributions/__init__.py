"""The distributions that ship with mfplug, one file each."""
