"""The step that sums up what was spent, so that a page about a million generations opens at once."""

SPENDING = ""
