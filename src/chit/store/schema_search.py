"""The step that makes messages and titles searchable."""

SEARCH = ""
