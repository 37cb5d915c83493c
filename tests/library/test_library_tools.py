"""Tools: what a model is told of a function, how its calls are run and kept, and where that ends."""

import asyncio
import functools
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from tests.cli.person import KEY
from tests.library.conftest import move_in
from tests.upstream import DONE, Exchange, Upstream, event

import chit
from chit.core.jsontext import decode_object
from chit.library.tool import make_tool
from chit.sandbox.server import Sandbox

STOPPED = "Stopped before it ended: it may have done something."


@dataclass
class Place:
    """Somewhere."""

    city: str
    days: int = 1


def forecast(place: Place, unit: Annotated[Literal["C", "F"], "the scale"] = "C") -> dict[str, Any]:
    """The weather to come.

    By the day.
    """
    return {"city": place.city, "days": place.days, "unit": unit}


async def search(query: str) -> list[str]:
    """Look it up."""
    await asyncio.sleep(0)
    return [query]


def test_what_a_model_is_told() -> None:
    """Name, docstring, and a schema of the parameters."""
    assert make_tool(forecast).as_dict() == {
        "type": "function",
        "function": {
            "name": "forecast",
            "description": "The weather to come.\n\nBy the day.",
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"$ref": "#/$defs/Place"},
                    "unit": {"type": "string", "enum": ["C", "F"], "description": "the scale", "default": "C"},
                },
                "required": ["place"],
                "additionalProperties": False,
                "$defs": {
                    "Place": {
                        "type": "object",
                        "description": "Somewhere.",
                        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1}},
                        "required": ["city"],
                        "additionalProperties": False,
                    }
                },
            },
        },
    }


def test_a_tool_by_another_name() -> None:
    """As a call and as a decorator; it can still be called, and stays what it is."""

    @chit.tool(name="look", description="")
    def look_around(far: bool) -> bool:
        return far

    again = chit.tool(look_around)
    assert again is look_around
    assert look_around(True) is True
    assert look_around.as_dict()["function"].keys() == {"name", "parameters"}
    assert chit.tool(forecast, description="Other words.").description == "Other words."


def test_things_that_can_be_called() -> None:
    """Methods, objects and functions with some arguments given are tools, too."""

    class Desk:
        def look(self, at: int) -> int:
            return at

        def __call__(self, at: str) -> str:
            return at

    assert make_tool(Desk().look).schema["properties"] == {"at": {"type": "integer"}}
    assert chit.tool(Desk(), name="desk").schema["properties"] == {"at": {"type": "string"}}


async def test_what_is_bound_is_not_told() -> None:
    """A model neither learns what a partial binds, which may be a secret, nor can it give another."""

    def fetch(key: str, url: str, deep: bool = False) -> str:
        """A page."""
        return f"{key} {url} {deep}"

    for partial in (
        functools.partial(functools.partial(fetch, key="s3cret"), deep=True),
        functools.partial(fetch, "s3cret", deep=True),
    ):
        bound = chit.tool(partial, name="fetch")
        assert bound.schema["properties"] == {"url": {"type": "string"}}
        assert "s3cret" not in str(bound.as_dict())
        assert await bound.run('{"url": "u"}') == "s3cret u True"
        with pytest.raises(ValueError, match="key"):
            await bound.run('{"url": "u", "key": "another"}')


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: 1, "'<lambda>' is no name for a tool"),
        (functools.partial(forecast), "is no name for a tool: give it one, chit.tool"),
        (max, r"max\(\) cannot be a tool"),
        (chit.tool, r"tool\(\) cannot be a tool: .*function.* cannot be given by name"),
    ],
)
def test_what_is_no_tool(function: Callable[..., Any], message: str) -> None:
    """A mistake of the programmer is told before anything is sent."""
    with pytest.raises(TypeError, match=message):
        make_tool(function)


def test_parameters_that_cannot_be() -> None:
    """Each says what is wrong with it."""

    def untyped(x) -> None:  # type: ignore[no-untyped-def]
        """No type."""

    def many(*args: int) -> None:
        """Any number."""

    def odd(x: bytes) -> None:
        """No schema."""

    for function, message in (
        (untyped, "untyped.. cannot be a tool: its parameter x has no type"),
        (many, "args: int cannot be given by name"),
        (odd, "odd.. cannot be a tool: x: bytes has no JSON schema"),
    ):
        with pytest.raises(TypeError, match=message):
            make_tool(function)


async def test_calls_are_run_and_kept(app: chit.App, box: Sandbox) -> None:
    """Every call stands in a reply, every result is a message of its own, and the model answers in the end."""
    reply = app.stream("Plan it", model="sandbox/tools", tools=[forecast, search])
    events = [each async for each in reply if isinstance(each, chit.ToolStarted | chit.ToolEnded)]
    assert [type(each) for each in events] == [chit.ToolStarted, chit.ToolStarted, chit.ToolEnded, chit.ToolEnded]
    assert {each.name: each.result for each in events if isinstance(each, chit.ToolEnded)} == {
        "forecast": '{"city":"sandbox","days":42,"unit":"C"}',
        "search": '["sandbox"]',
    }
    message = await reply
    assert message.text == "Thank you, the tool results arrived."
    branch = (await app.get_conversation(message)).branch()
    assert [each.source for each in branch] == ["user", "actor", "client", "client", "actor"]
    calls = [part for part in branch[1].parts if isinstance(part, chit.ToolCallPart)]
    results = [part for each in branch[2:4] for part in each.parts if isinstance(part, chit.ToolResultPart)]
    assert [call.id for call in calls] == [result.tool_call_id for result in results]
    assert box.ledger.requests[-1].body["messages"][-1]["role"] == "tool"


async def test_tools_beside_those_of_openrouter(app: chit.App, box: Sandbox) -> None:
    """They stand in one list; a choice is for the first request only, but for none."""
    web = {"type": "openrouter:web_search"}
    await app.send("Hi", model="sandbox/tools", tools=[search], parameters={"tools": [web], "tool_choice": "required"})
    first, second = (request.body for request in box.ledger.requests if request.path.endswith("/completions"))
    assert [tool["type"] for tool in first["tools"]] == ["function", "openrouter:web_search"]
    assert first["tool_choice"] == "required"
    assert "tool_choice" not in second
    assert second["tools"] == first["tools"]


async def test_without_tools_calls_are_the_programs_own(app: chit.App) -> None:
    """A program may run them itself, and send the results as parts."""
    given = {"tools": [make_tool(search).as_dict()]}
    asked = await app.send("Hi", model="sandbox/tools", parameters=given)
    (call,) = (part for part in asked.parts if isinstance(part, chit.ToolCallPart))
    answered = await app.send(chit.ToolResultPart(call.id, "found"), after=asked, parameters=given)
    assert answered.text == "Thank you, the tool results arrived."


Say = Callable[[dict[str, Any]], dict[str, Any]]


def calling(*calls: tuple[str, str]) -> dict[str, Any]:
    """A reply that asks for these tools, with these arguments."""
    return {
        "tool_calls": [
            {"index": n, "id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for n, (name, arguments) in enumerate(calls)
        ]
    }


@asynccontextmanager
async def model(
    home: Path, patch: pytest.MonkeyPatch, say: Say, *, cost: float | None = 0.25
) -> AsyncIterator[tuple[chit.App, Upstream]]:
    """A model that says what the function says to its request; each reply costs the same."""

    async def answer(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            await exchange.reply(404, b"{}")
            return
        delta = say(decode_object(exchange.request.body))
        usage = {} if cost is None else {"usage": {"cost": cost, "prompt_tokens": 1, "completion_tokens": 1}}
        choice = {"index": 0, "delta": delta, "finish_reason": "tool_calls" if "tool_calls" in delta else "stop"}
        number = len(upstream.requests)
        await exchange.open_stream()
        await exchange.chunk(event({"id": f"gen-{number}", "model": "a/b", "choices": [choice], **usage}) + DONE)
        await exchange.chunk(b"")

    async with Upstream(answer) as upstream:
        move_in(home, upstream.base_url, patch)
        patch.setenv("CHIT_SETTLE", "manual")
        async with chit.open() as app:
            yield app, upstream


def results_in(request: dict[str, Any]) -> list[str]:
    """What the tools said, as the model reads it."""
    return [message["content"] for message in request["messages"] if message["role"] == "tool"]


async def test_what_goes_wrong_is_told_to_the_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception, arguments that do not fit, a tool that is not there: in words, without keys, and without an end."""

    def fail(number: int) -> None:
        """It does."""
        raise ValueError(f"no {number} with {KEY}")

    def give() -> bytes:
        """Something without a JSON form."""
        return b""

    seen: list[dict[str, Any]] = []

    def say(request: dict[str, Any]) -> dict[str, Any]:
        seen.append(request)
        if results_in(request):
            return {"content": "I see."}
        wrong = (("fail", '{"number":"x"}'), ("fail", "{nonsense"), ("nothing", "{}"), ("give", ""), ("fail", "[]"))
        return calling(("fail", '{"number":1}'), *wrong)

    async with model(home, monkeypatch, say) as (app, _):
        reply = app.stream("Hi", tools=[fail, give])
        ended = [each async for each in reply if isinstance(each, chit.ToolEnded)]
        assert (await reply).text == "I see."
    told = results_in(seen[-1])
    assert told[0] == "Error: ValueError: no 1 with sk-or-…a115"
    assert told[1] == "Error: ValueInvalid: $.number is of type string, not integer"
    assert told[2].startswith("Error: ValueInvalid: the arguments are not JSON: ")
    assert told[3] == "Error: LookupError: there is no tool 'nothing'; there are: fail, give"
    assert told[4] == "Error: TypeError: a bytes has no JSON form; a dict, a list or text would"
    assert told[5] == "Error: ValueInvalid: $ is of type array, not object"
    assert all(each.error is not None for each in ended)


async def test_exceptions_that_are_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends iterations and tasks is told like any other, and neither hangs nor ends anything."""

    def end() -> None:
        """Looks for something that is not there."""
        next(iter(()))

    async def cancel() -> None:
        """Gives up."""
        raise asyncio.CancelledError("on purpose")

    def say(request: dict[str, Any]) -> dict[str, Any]:
        told = results_in(request)
        return {"content": " | ".join(told)} if told else calling(("end", ""), ("cancel", ""))

    async with model(home, monkeypatch, say) as (app, _):
        message = await app.send("Hi", tools=[end, cancel])
    assert message.text == "Error: RuntimeError: StopIteration | Error: RuntimeError: it cancelled itself on purpose"


async def test_calls_run_beside_each_other(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Synchronous ones in threads, asynchronous ones on the loop: two that wait for each other both end."""
    barrier, met = threading.Barrier(2), asyncio.Event()

    def wait() -> str:
        """In a thread."""
        barrier.wait(20)
        return threading.current_thread().name

    async def first() -> str:
        """On the loop."""
        await met.wait()
        return threading.current_thread().name

    def second() -> Any:
        """Gives what has to be awaited."""

        async def meet() -> str:
            met.set()
            return "met"

        return meet()

    def say(request: dict[str, Any]) -> dict[str, Any]:
        if told := results_in(request):
            return {"content": " ".join(told)}
        return calling(("wait", ""), ("wait", "{}"), ("first", ""), ("second", ""))

    async with model(home, monkeypatch, say) as (app, _):
        one, other, main, last = (await app.send("Hi", tools=[wait, first, second])).text.split(" ")
    assert one != other
    assert (main, last) == ("MainThread", "met")


def go_on(request: dict[str, Any]) -> dict[str, Any]:
    """A model that never has enough, until a person says something else."""
    return {"content": "Enough."} if request["messages"][-1]["content"] == "Stop" else calling(("step", "{}"))


def step() -> str:
    """One more."""
    return "done"


async def test_the_limit_of_steps(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as an error that names the last reply; the calls have results, so that the conversation can go on."""
    async with model(home, monkeypatch, go_on) as (app, upstream):
        with pytest.raises(chit.LimitReached, match="the limit of 3 steps is reached, and the model asks") as reached:
            await app.send("Hi", tools=[step], max_steps=3)
        assert len(upstream.requests) == 3
        assert reached.value.hint
        conversation = await app.get_conversation(reached.value.message_id or "")
        assert [each.source for each in conversation.branch()] == ["user", *("actor", "client") * 3]
        last = conversation.messages[-1].parts[0]
        assert last == chit.ToolResultPart("call_0", "Not run: the limit of 3 steps is reached.")
        assert conversation.cost == Decimal("0.75")
        assert (await app.send("Stop", after=conversation)).text == "Enough."
        with pytest.raises(chit.InputError, match="at least one step"):
            await app.send("Hi", tools=[step], max_steps=0)


@pytest.mark.parametrize("limit", ["0.5", 0.5, Decimal("0.5"), Decimal("0.4")])
async def test_the_limit_of_cost(home: Path, monkeypatch: pytest.MonkeyPatch, limit: Decimal | float | str) -> None:
    """The model is not asked again once the steps so far have cost that much."""
    async with model(home, monkeypatch, go_on) as (app, upstream):
        with pytest.raises(chit.LimitReached, match=r"the limit of \$0\.[45]0 is reached"):
            await app.send("Hi", tools=[step], max_cost=limit)
        assert len(upstream.requests) == 2
        with pytest.raises(TypeError, match="max_cost is an amount of US dollars, not 'much'"):
            await app.send("Hi", tools=[step], max_cost="much")


async def test_a_cost_that_nobody_told_ends_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown is not zero: with a limit the model is not asked again, without one it is."""
    async with model(home, monkeypatch, go_on, cost=None) as (app, upstream):
        with pytest.raises(chit.LimitReached, match="nobody told what a step cost"):
            await app.send("Hi", tools=[step], max_cost=1)
        assert len(upstream.requests) == 1
        with pytest.raises(chit.LimitReached, match="steps"):
            await app.send("Hi", tools=[step], max_steps=2)


async def test_stopping_while_tools_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They end, the calls have results, and the message is the reply that asked for them."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        """For ever."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with model(home, monkeypatch, lambda _: calling(("wait", "{}"))) as (app, upstream):
        reply = app.stream("Hi", tools=[wait])
        await begun.wait()
        message = await reply.stop()
        assert ended.is_set()
        assert (await reply).id == message.id
        conversation = await app.get_conversation(message)
        assert conversation.messages[-1].parts == (chit.ToolResultPart("call_0", STOPPED),)
        assert len(upstream.requests) == 1


async def test_stopping_between_tools(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has run keeps its result; of what may have done something the next model is not told that it did not."""
    going = threading.Event()

    async def pay() -> str:
        """It is done."""
        return "paid"

    def grind() -> None:
        """In a thread that nothing can stop."""
        going.wait()

    async with model(home, monkeypatch, lambda _: calling(("pay", "{}"), ("grind", "{}"))) as (app, _):
        reply = app.stream("Hi", tools=[pay, grind])
        async for each in reply:
            if isinstance(each, chit.ToolEnded):
                break
        message = await reply.stop()
        going.set()
        conversation = await app.get_conversation(message)
        results = [part for each in conversation.messages[-2:] for part in each.parts]
        assert results == [chit.ToolResultPart("call_0", "paid"), chit.ToolResultPart("call_1", STOPPED)]


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_tool_that_ends_programs(home: Path, monkeypatch: pytest.MonkeyPatch, is_async: bool) -> None:
    """`sys.exit` and an exception that cannot be written are failures of the call, and told as such."""

    class Mute(Exception):
        """It has no words."""

        def __str__(self) -> str:
            raise RuntimeError

    def leave(quietly: bool) -> None:
        """Neither returns."""
        if quietly:
            raise Mute
        sys.exit(2)

    async def leave_async(quietly: bool) -> None:
        """The same."""
        leave(quietly)

    tool = chit.tool(leave_async if is_async else leave, name="leave")
    asked = calling(("leave", '{"quietly": true}'), ("leave", '{"quietly": false}'))
    answers = iter([asked, {"role": "assistant", "content": "Done."}])
    async with model(home, monkeypatch, lambda _: next(answers)) as (app, upstream):
        message = await app.send("Hi", tools=[tool])
        assert message.text == "Done."
        told = [each["content"] for each in decode_object(upstream.requests[-1].body)["messages"][-2:]]
        assert told == ["Error: Mute", "Error: RuntimeError: it wanted to end the program: SystemExit(2)"]


async def test_stopping_as_tools_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they gave is kept, and not sent."""
    stopping: list[asyncio.Task[chit.Message]] = []

    async def halt() -> str:
        """Stop what runs, and give something all the same."""
        stopping.append(asyncio.create_task(reply.stop()))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "given"
        return "never"

    async with model(home, monkeypatch, lambda _: calling(("halt", "{}"))) as (app, upstream):
        reply = app.stream("Hi", tools=[halt])
        message = await reply
        assert (await stopping[0]).id == message.id
        conversation = await app.get_conversation(message)
        assert conversation.messages[-1].source == "client"
        assert len(upstream.requests) == 1


async def test_stopping_before_tools_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that was stopped as it asked for tools runs none of them."""
    ran: list[int] = []

    def run() -> None:
        """Never."""
        ran.append(1)

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        choice = {"index": 0, "delta": calling(("run", "{}"))}
        await exchange.chunk(event({"id": "gen-1", "model": "a/b", "choices": [choice]}))
        await exchange.gone()

    async with Upstream(answer) as upstream:
        move_in(home, upstream.base_url, monkeypatch)
        monkeypatch.setenv("CHIT_SETTLE", "manual")
        async with chit.open() as app:
            reply = app.stream("Hi", tools=[run])
            async for each in reply:
                if isinstance(each, chit.ToolCallAdded):
                    break
            message = await reply.stop()
            assert message.state == "stopped"
    assert ran == []


async def test_two_tools_of_one_name(app: chit.App) -> None:
    """The model could not tell them apart."""
    with pytest.raises(TypeError, match="two tools have the same name: step, step"):
        await app.send("Hi", tools=[step, chit.tool(search, name="step")])


async def test_calls_that_openrouter_answers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call of a tool on the server is none of the program's."""

    def say(request: dict[str, Any]) -> dict[str, Any]:
        call = {"index": 0, "id": "x", "type": "openrouter:web_search", "function": {"name": "", "arguments": "{}"}}
        return {"content": "Found.", "tool_calls": [call]}

    async with model(home, monkeypatch, say) as (app, upstream):
        assert (await app.send("Hi", tools=[step])).text == "Found."
    assert len(upstream.requests) == 1
    assert json.loads(upstream.requests[0].body)["tools"]
