"""The package's own root: its public names, and that importing it costs nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import chit
from chit.about import VERSION

PUBLIC = """
    Action AnnotationAdded AnnotationPart App Chit ChitError ChitWarning Conversation ConversationSummary Costs Ended
    InputError KeyUnavailable LimitReached MediaAdded MediaPart Message NotFound OutputInvalid ReasoningAdded
    ReasoningPart Reply Retrying Started StoreError TextAdded TextFilePart TextPart Tool ToolCallAdded ToolCallPart
    ToolEnded ToolResultPart ToolStarted UpstreamError UserPrefs ValueMessage __version__ ask open tool
"""
VERBS = """
    delete_conversation get_conversation get_message list_conversations prefs rename_conversation send stream sum_costs
"""


def test_the_public_names_are_these() -> None:
    """A name is added here on purpose, and never taken away."""
    assert chit.__all__ == sorted(PUBLIC.split())
    assert [name for name in dir(chit.App) if not name.startswith("_")] == sorted(VERBS.split())


def test_every_public_name_is_there() -> None:
    """Each is the thing of that name, found again without looking, and what is not public is not there."""
    for name in chit.__all__:
        assert getattr(chit, name) is getattr(chit, name)
    assert set(chit.__all__) <= set(dir(chit))
    assert chit.__version__ == VERSION
    with pytest.raises(AttributeError, match="module 'chit' has no attribute 'nothing'"):
        chit.nothing  # type: ignore[attr-defined]  # noqa: B018 - looking is the test


def test_importing_it_is_free() -> None:
    """`import chit` loads no other module of Chit's, and none of the slow ones of others."""
    probe = "import sys; import chit; import json; print(json.dumps(sorted(sys.modules)))"
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    shown = subprocess.run([sys.executable, "-c", probe], env=unmeasured, capture_output=True, text=True, check=True)
    loaded = set(json.loads(shown.stdout))
    assert {name for name in loaded if name.partition(".")[0] == "chit"} == {"chit"}
    assert not loaded & {"asyncio", "aiohttp", "apsw", "click", "dataclasses", "importlib.metadata"}


def test_it_is_typed() -> None:
    """Type checkers are told so."""
    assert (Path(chit.__file__).parent / "py.typed").exists()
