"""One question from the command line: `chit ask` against `llm`, the same upstream, each with a history it writes to."""

import json
import tempfile
from pathlib import Path

from bench.measure import (
    CANARY,
    BenchmarkBroken,
    Cost,
    Row,
    child_environment,
    interleave,
    median_cost,
    milliseconds,
    run_child,
    script,
)
from bench.upstream import EVENTS, MODEL, make_text, serving

_QUESTION = "Say words."
_GOAL = 0.45


def measure(*, quick: bool) -> list[Row]:
    """Both commands, in rounds; a first round, which creates the databases, does not count."""
    with tempfile.TemporaryDirectory() as folder, serving() as base_url:
        home, user_path = Path(folder, "chit"), Path(folder, "llm")
        _configure_llm(user_path, base_url)
        chit = [script("chit"), "ask", _QUESTION, "-m", MODEL]
        llm = [script("llm"), "prompt", _QUESTION, "-m", MODEL, "--key", CANARY]
        settings = child_environment(CHIT_HOME=str(home), CHIT_BASE_URL=base_url, OPENROUTER_API_KEY=CANARY)
        peer_settings = child_environment(LLM_USER_PATH=str(user_path))
        tasks = {"chit ask": lambda: _ask(chit, settings), "llm": lambda: _ask(llm, peer_settings)}
        interleave(tasks, 1)
        results = interleave(tasks, 2 if quick else 15)
    ours, theirs = median_cost(results["chit ask"]), median_cost(results["llm"])
    return [
        Row(
            what='chit ask "…"',
            figure=milliseconds(ours.cpu),
            wall=milliseconds(ours.wall),
            ratio=ours.cpu / theirs.cpu,
            against="llm",
            goal=_GOAL,
        ),
        Row(what='llm "…"', figure=milliseconds(theirs.cpu), wall=milliseconds(theirs.wall)),
    ]


def _ask(command: list[str], environment: dict[str, str]) -> Cost:
    cost, answer = run_child(command, environment)
    if answer.strip() != make_text(EVENTS).strip():
        raise BenchmarkBroken(f"{command[0]} printed something else than the answer:\n{answer}")
    return cost


def _configure_llm(folder: Path, base_url: str) -> None:
    """One OpenAI-compatible model at our upstream; JSON is YAML."""
    folder.mkdir()
    models = [{"model_id": MODEL, "model_name": MODEL, "api_base": base_url}]
    (folder / "extra-openai-models.yaml").write_text(json.dumps(models), encoding="utf-8")
