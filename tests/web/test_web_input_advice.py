"""What is said of an attachment before it is sent: only what is known, and never more than a warning."""

from typing import Any

import pytest

from chit.web.input_advice import advise

MODELS: list[Any] = [
    {"id": "a/sees", "architecture": {"input_modalities": ["text", "image", "file"]}},
    {"id": "a/hears", "architecture": {"input_modalities": ["text", "audio"]}},
    {"id": "a/reads", "architecture": {"input_modalities": ["text"]}},
    {"id": "a/odd", "architecture": {"input_modalities": None}},
    {"id": "a/bare"},
]


@pytest.mark.parametrize(
    ("modality", "chosen", "said"),
    [
        ("audio", ["a/sees"], "a/sees takes no sound: it will refuse this. Pick another model."),
        ("image", ["a/hears", "a/sees"], "a/hears takes no pictures: it will refuse this. Pick another model."),
        (
            "image",
            ["a/hears", "a/reads"],
            "a/hears and a/reads take no pictures: they will refuse this. Pick another model.",
        ),
        ("image", ["a/reads:nitro"], "a/reads:nitro takes no pictures: it will refuse this. Pick another model."),
        ("image", ["a/sees"], ""),
        ("image", ["a/unknown"], ""),
        ("image", ["a/odd"], ""),
        ("image", ["a/bare"], ""),
        ("image", [], ""),
        (None, ["a/reads"], ""),
        ("file", ["a/sees"], ""),
        ("file", ["a/reads"], "a/reads reads no PDFs: OpenRouter's parser does it, at $2 per 1,000 pages."),
        (
            "file",
            ["a/reads", "a/hears"],
            "a/reads and a/hears read no PDFs: OpenRouter's parser does it, at $2 per 1,000 pages.",
        ),
        ("file", [], "A model that reads no PDFs gets this through OpenRouter's parser, at $2 per 1,000 pages."),
        (
            "file",
            ["@preset/x"],
            "A model that reads no PDFs gets this through OpenRouter's parser, at $2 per 1,000 pages.",
        ),
    ],
)
def test_advice(modality: str | None, chosen: list[str], said: str) -> None:
    """Of those that will be asked, the ones that are known not to take it are named; of the others nothing is said."""
    assert advise(modality, chosen, MODELS) == said
