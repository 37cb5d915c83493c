"""What the tests of `chit doctor` share."""

from typing import Any

from tests.cli.person import Outcome, Person


def findings(outcome: Outcome, topic: str) -> list[dict[str, Any]]:
    """Those of a topic."""
    return [each for each in outcome.record["findings"] if each["topic"] == topic]


def texts(outcome: Outcome, topic: str) -> str:
    """What is said of a topic, with the hints."""
    return " ".join(f"[{each['verdict']}] {each['text']} {each['hint']}" for each in findings(outcome, topic))


def bad(outcome: Outcome) -> list[str]:
    """The topics with something bad."""
    return [each["topic"] for each in outcome.record["findings"] if each["verdict"] == "bad"]


def ask(person: Person) -> None:
    """A question, so that there is a history."""
    assert person.call("ask", "-m", "sandbox/echo", "Hi").code == 0
