"""What the commands of a chat do."""

import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from chit.app import App
from chit.attaching import check_files, read_attachment
from chit.cli.cells import measure
from chit.cli.chat_branches import find_questions, list_branches, show_turn
from chit.cli.chat_commands import COMMANDS, Command, write_input
from chit.cli.chat_parameters import change_parameters, show_parameters
from chit.cli.chat_prompt import Left
from chit.cli.chat_state import Turns
from chit.cli.columns import wrap
from chit.cli.exits import DONE
from chit.cli.output import PRIVATE, FileTaken, OutputFile
from chit.cli.parameters import read_parameters
from chit.cli.receipt import receipt
from chit.cli.reply_printer import find_width, wrap_words
from chit.cli.terminal import neutralise, paint, write_err, write_out
from chit.core.attachments import clean_name, count_bytes, name_attachment, read_head
from chit.core.generation import write_chit
from chit.core.media_kind import find_media_kind
from chit.core.usage import show_cost
from chit.errors import InputError
from chit.places import locate
from chit.running import Running
from chit.transfer.exporting import export_one

Show = Callable[[Running], Awaitable[None]]


class ChatVerbs:
    """Over what the chat stands at. `show` shows a reply to its end."""

    def __init__(self, app: App, turns: Turns, show: Show, scrub: Callable[[str], str]) -> None:
        self._app = app
        self._turns = turns
        self._state = turns.state
        self._show = show
        self._scrub = scrub

    async def obey(self, command: Command, rest: str) -> str:
        """What the next prompt begins with. Raises `ChitError`, `Left`."""
        verbs: Mapping[str, Callable[[str], Awaitable[str | None]]] = {
            "help": self._help,
            "model": self._choose_model,
            "system": self._instruct,
            "set": self._set,
            "attach": self._attach,
            "retry": self._retry,
            "continue": self._go_on,
            "edit": self._edit,
            "branch": self._branch,
            "stop": self._stop,
            "cost": self._tell_cost,
            "save": self._save,
            "quit": self._quit,
        }
        return await verbs[command.name](rest) or ""

    async def _help(self, _rest: str) -> None:
        width = find_width()
        column = max(len(f"/{each.name} {each.arguments}") for each in COMMANDS) + 2
        for each in COMMANDS:
            name = f"/{each.name} {each.arguments}".rstrip()
            if width < column * 2:
                lines = [name, *(f"    {line}" for line in wrap(each.about, max(width - 4, 8)))]
            else:
                first, *more = wrap(each.about, width - column)
                lines = [f"{name:<{column}}{first}", *(f"{'':<{column}}{line}" for line in more)]
            write_out("".join(f"{line}\n" for line in lines))
        keys = (
            "Alt-Enter or Esc Enter begins a new line; pasted lines stay together. Ctrl-C stops a reply, and at the "
            "prompt clears the line. Ctrl-D leaves. What is typed while a reply comes in is there after it."
        )
        write_out("\n" + "".join(f"{line}\n" for line in wrap(keys, width)))

    async def _choose_model(self, rest: str) -> None:
        if rest:
            self._state.choose_model("" if rest == "default" else rest)
            await self._remark_on_models(rest)
        parameters = self._turns.parameters
        models = parameters.get("models") or [parameters.get("model") or "your account's default"]
        self._tell(f"model: {', '.join(map(str, models))}")

    async def _remark_on_models(self, rest: str) -> None:
        """What is not known is asked for all the same: the catalogue suggests, and never restricts."""
        known = {model.get("id") for model in await self._app.catalogue.list_kept()}
        for id in (each.strip() for each in rest.split(",")):
            plain = id.partition(":")[0]
            if known and id and id != "default" and not plain.startswith("@preset/") and not {id, plain} & known:
                told = f"{id} is not among the models that are known; it is asked for all the same."
                write_err(wrap_words(f"chit: {told}"))

    async def _instruct(self, rest: str) -> None:
        if rest:
            self._state.system = rest
            self._tell("These instructions go along with the next question.")
            return
        path = await self._turns.find_path()
        given = self._state.system or next((each.text for each in reversed(path) if each.source == "system"), "")
        self._tell(given or "There are no instructions.")

    async def _set(self, rest: str) -> None:
        state = self._state
        if rest:
            parameters, changes = change_parameters(state.parameters, split_words(rest))
            if state.conversation_id is not None:
                await self._app.store.record_parameters(state.conversation_id, parameters)
            state.parameters = parameters
            state.changes |= changes
        shown = show_parameters(state.parameters)
        self._tell("\n".join(shown) if shown else "Nothing is set: your preferences hold.")

    async def _attach(self, rest: str) -> None:
        state = self._state
        if rest == "none":
            state.files = []
        elif rest:
            files = [*state.files, *(read_attachment(name) for name in find_paths(rest))]
            check_files(files)
            state.files = files
        self._tell("\n".join(list_files(state.files)) or "No files go along.")

    async def _retry(self, rest: str) -> None:
        changes = read_parameters(tuple(split_words(rest)))
        if isinstance(model := changes.pop("model", None), str):
            self._state.choose_model(model)
        await self._show(await self._turns.retry(changes))

    async def _go_on(self, _rest: str) -> None:
        await self._show(await self._turns.go_on())

    async def _edit(self, rest: str) -> str:
        questions = find_questions(await self._turns.find_path())
        number = read_number(rest, len(questions), "question") if rest else len(questions)
        if not questions:
            raise InputError("there is no question to rewrite", hint="Ask something first.")
        question = questions[number - 1]
        self._state.rewrite(question)
        return write_input(question.text)

    async def _branch(self, rest: str) -> None:
        state = self._state
        if state.conversation_id is None:
            raise InputError("nothing was asked yet, so there are no branches", hint="Ask something first.")
        branches = await list_branches(self._app.store, state.conversation_id)
        if rest:
            leaf = branches[read_number(rest, len(branches), "branch") - 1].leaf_id
            place = await locate(self._app.store, state.conversation_id, leaf)
            state.take_up(place)
            await show_turn(place.path)
            return
        for number, each in enumerate(branches, 1):
            name, here = f"{number:>3}  {neutralise(each.name)}", " · here" * (each.leaf_id == state.leaf_id)
            fits = measure(f"{name} · {each.about}{here}") <= find_width()
            about = paint(f" · {each.about}" if fits else f"\n     {each.about}", "dim", sys.stdout)
            write_out(f"{name}{about}{paint(here, 'bold', sys.stdout) if here else ''}\n")

    async def _stop(self, _rest: str) -> None:
        self._tell("No reply is coming in.")

    async def _tell_cost(self, _rest: str) -> None:
        state, store = self._state, self._app.store
        if state.conversation_id is None:
            self._tell("Nothing was asked yet.")
            return
        generations = await store.list_generations(state.conversation_id)
        pending = sum(each.settlement is not None and each.settlement.state == "pending" for each in generations)
        cost = show_cost(await store.sum_conversation(state.conversation_id))
        replies = f"{len(generations)} repl{'y' if len(generations) == 1 else 'ies'}"
        self._tell(f"this conversation: {cost} · {replies}" + (f" · {pending} pending" if pending else ""))
        if state.leaf_id and (generation := await store.find_generation(state.leaf_id)):
            write_out(f"\n{receipt(write_chit(generation))}\n")

    async def _save(self, rest: str) -> None:
        state = self._state
        if state.conversation_id is None:
            raise InputError("there is nothing to save yet", hint="Ask something first.")
        if state.private:
            raise InputError("this conversation is private, so it is not written down", hint="Copy what you need.")
        name = expand(" ".join(split_words(rest)))
        form: Any = "json" if name.lower().endswith(".json") else "markdown"
        suggested, content = await export_one(self._app.store, state.conversation_id, form, self._scrub)
        try:
            output = OutputFile(name or suggested, overwrite=False, mode=PRIVATE)
        except FileTaken as error:
            raise InputError(error.message, hint="Choose another name: /save FILE") from error
        try:
            output.write_bytes(content)
            output.keep()
        finally:
            output.discard()
        self._tell(f"Saved as {output.name}")

    async def _quit(self, _rest: str) -> None:
        raise Left(DONE)

    def _tell(self, text: str) -> None:
        write_out("".join(map(wrap_words, text.split("\n"))))


def split_words(text: str) -> list[str]:
    """As a shell does it. Raises `InputError`."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InputError(f"this cannot be taken apart: {error}", hint="Close the quotation.") from error


def find_paths(text: str) -> list[str]:
    """Those of several files as a shell has them, or of one whose name has spaces in it. Raises `InputError`."""
    return [expand(text)] if os.path.isfile(expand(text)) else [expand(word) for word in split_words(text)]


def expand(path: str) -> str:
    """With `~` as the person's folder."""
    return os.path.expanduser(path)


def read_number(text: str, most: int, of_what: str) -> int:
    """Raises `InputError`."""
    if text.isascii() and text.isdecimal() and len(text) < 7 and 1 <= int(text) <= most:
        return int(text)
    raise InputError(
        f"there is no {of_what} {text}", hint=f"They go from 1 to {most}." if most else "Ask something first."
    )


def list_files(files: Any) -> list[str]:
    """A line for each: what it is called, what it is, how large."""
    lines = []
    for number, each in enumerate(files):
        kind = find_media_kind(read_head(each))
        size = count_bytes(each) or 0
        told = f"{size} bytes" if size < 1024 else f"{size / 1024:.0f} KiB"
        name = clean_name(name_attachment(each, number, kind))
        lines.append(f"{name} · {kind.format.upper() if kind else 'text'} · {told}")
    return lines
