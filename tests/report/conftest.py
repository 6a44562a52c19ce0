"""The made study's fixtures, for the tests of what is drawn and written from it."""

from made_results import drawn, folder

__all__ = ["drawn", "folder"]
