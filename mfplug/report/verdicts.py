"""The verdicts of a claim and how the page marks them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """One verdict: its word, a glyph that reads without colour, its meaning."""

    word: str
    glyph: str
    meaning: str

    @property
    def slug(self) -> str:
        """The word as a CSS class."""
        return self.word.replace(" ", "-")


#: Every verdict by its word, the most settled first.
VERDICTS = {
    verdict.word: verdict
    for verdict in (
        Verdict("holds", "✓", "the data confirm the claim as printed"),
        Verdict(
            "holds corrected",
            "✎",
            "as printed it fails or is loose; the corrected statement holds",
        ),
        Verdict(
            "consistent", "≈", "the data reach too short to confirm, and do not refute"
        ),
        Verdict("fails", "✗", "the data refute the claim"),
        Verdict("undecided", "?", "data are missing or too weak"),
    )
}

#: Shown where a study that names a claim has no readable verdict for it.
MISSING = Verdict("no verdict", "!", "the study has no readable verdict for it")
