"""Chit: an OpenRouter client that hands you a receipt with every reply.

    import chit

    print(chit.ask("Why is the sky blue?"))            # a script, a notebook

    async with chit.open() as app:                     # a program
        message = await app.send("Why is the sky blue?")
        print(message, (await message.settled()).settled_cost)

docs/library.md tells the rest. Everything here is imported when it is first used.
"""

TYPE_CHECKING = False  # type checkers know the name; importing `typing` for it would be most of what this file costs

if TYPE_CHECKING:
    from chit.about import VERSION as __version__
    from chit.core.conversation import ConversationSummary
    from chit.core.events import (
        AnnotationAdded,
        Ended,
        MediaAdded,
        ReasoningAdded,
        Retrying,
        Started,
        TextAdded,
        ToolCallAdded,
    )
    from chit.core.generation import Chit
    from chit.core.messages import (
        AnnotationPart,
        MediaPart,
        ReasoningPart,
        TextFilePart,
        TextPart,
        ToolCallPart,
        ToolResultPart,
    )
    from chit.errors import (
        Action,
        ChitError,
        InputError,
        KeyUnavailable,
        LimitReached,
        NotFound,
        OutputInvalid,
        StoreError,
        UpstreamError,
    )
    from chit.library.app import App
    from chit.library.blocking import ask
    from chit.library.conversation import Conversation
    from chit.library.costs import Costs
    from chit.library.message import Message, ValueMessage
    from chit.library.opening import ChitWarning, open
    from chit.library.reply import Reply
    from chit.library.tool import Tool, tool
    from chit.library.tool_events import ToolEnded, ToolStarted
    from chit.prefs import UserPrefs
else:
    _PLACES = {
        "chit.core.conversation": "ConversationSummary",
        "chit.core.events": "AnnotationAdded Ended MediaAdded ReasoningAdded Retrying Started TextAdded ToolCallAdded",
        "chit.core.generation": "Chit",
        "chit.core.messages": (
            "AnnotationPart MediaPart ReasoningPart TextFilePart TextPart ToolCallPart ToolResultPart"
        ),
        "chit.errors": (
            "Action ChitError InputError KeyUnavailable LimitReached NotFound OutputInvalid StoreError UpstreamError"
        ),
        "chit.library.app": "App",
        "chit.library.blocking": "ask",
        "chit.library.conversation": "Conversation",
        "chit.library.costs": "Costs",
        "chit.library.message": "Message ValueMessage",
        "chit.library.opening": "ChitWarning open",
        "chit.library.reply": "Reply",
        "chit.library.tool": "Tool tool",
        "chit.library.tool_events": "ToolEnded ToolStarted",
        "chit.prefs": "UserPrefs",
    }
    """The module of each public name."""
    _MODULES = {name: module for module, names in _PLACES.items() for name in names.split()}

    def __getattr__(name):
        """What is public, from where it lives."""
        if name == "__version__":
            from chit.about import VERSION

            return VERSION
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_MODULES[name]), name)
        return value

    def __dir__():
        return sorted({*globals(), *_MODULES, "__version__"})


__all__ = [
    "Action",
    "AnnotationAdded",
    "AnnotationPart",
    "App",
    "Chit",
    "ChitError",
    "ChitWarning",
    "Conversation",
    "ConversationSummary",
    "Costs",
    "Ended",
    "InputError",
    "KeyUnavailable",
    "LimitReached",
    "MediaAdded",
    "MediaPart",
    "Message",
    "NotFound",
    "OutputInvalid",
    "ReasoningAdded",
    "ReasoningPart",
    "Reply",
    "Retrying",
    "Started",
    "StoreError",
    "TextAdded",
    "TextFilePart",
    "TextPart",
    "Tool",
    "ToolCallAdded",
    "ToolCallPart",
    "ToolEnded",
    "ToolResultPart",
    "ToolStarted",
    "UpstreamError",
    "UserPrefs",
    "ValueMessage",
    "__version__",
    "ask",
    "open",
    "tool",
]
