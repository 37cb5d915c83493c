"""A question as turns."""

from chit.core.messages import TextPart, ToolResultPart
from chit.core.turns import split_turns


def test_results_of_tools_are_turns_of_their_own() -> None:
    """Each from the program, before what the person says; nothing at all is a turn of the person's."""
    one, two, said = ToolResultPart("1", "x"), ToolResultPart("2", "y"), TextPart("And?")
    assert split_turns([one, said, two]) == [("client", (one,)), ("client", (two,)), ("user", (said,))]
    assert split_turns([one]) == [("client", (one,))]
    assert split_turns([]) == [("user", ())]
