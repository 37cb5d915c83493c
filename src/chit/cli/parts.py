"""The parts of a message that are not text, each as one line for a terminal."""

from chit.cli.terminal import neutralise
from chit.core.messages import MediaPart, Message, TextFilePart, ToolCallPart, ToolResultPart

WHO = {"system": "system", "user": "you", "actor": "model", "client": "tool"}
"""Whom a message is from, for the person."""


def part_lines(message: Message) -> list[str]:
    """Tool calls, tool results and media, in order; texts and reasoning are not among them."""
    lines = []
    for part in message.parts:
        match part:
            case ToolCallPart(name=name, arguments=arguments):
                lines.append(f"→ {name}({arguments})")
            case ToolResultPart(tool_call_id=call_id, content=content):
                lines.append(f"← {call_id}: {content}")
            case TextFilePart(name=name):
                lines.append(f"→ text {name} (as data: chit show {message.id} --json)")
            case MediaPart(media, name):
                named = f" {name}" if name else ""
                lines.append(f"→ {media.get('type', 'media')}{named} (as data: chit show {message.id} --json)")
            case _:
                pass
    return [neutralise(line) for line in lines]
