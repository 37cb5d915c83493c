"""Which models there are: the catalogue and the magic ones; how an id is understood (field guide §2.9).

Ids that mean something special are all in `MODELS`, with one line each; `sandbox/error-<name>` answers with the failure
of that name in `failure_table`. Variants other than `:free`, and presets, choose the model without their suffix.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chit.sandbox.ask import Ask
from chit.sandbox.catalogue import CATALOGUE, SANDBOX_ENDPOINTS, Model
from chit.sandbox.failure_table import FAILURES
from chit.sandbox.failures import Failure
from chit.sandbox.magic import MAGIC
from chit.sandbox.script import Script, answer

_ERROR = "sandbox/error-"

MODELS: Mapping[str, str] = {
    **{f"sandbox/{name}": magic.about for name, magic in MAGIC.items()},
    **{f"{_ERROR}{name}": f"HTTP {failure.status}: {failure.about}" for name, failure in FAILURES.items()},
}
"""Every magic model id, and in one line what it shows."""

_VARIANTS = ("nitro", "floor", "exacto", "online", "thinking", "extended")
_ROUTERS = ("openrouter/auto", "openrouter/auto-beta", "openrouter/free")


def find_failure(model_id: str) -> Failure | None:
    """The failure a `sandbox/error-<name>` id asks for."""
    return FAILURES.get(model_id.removeprefix(_ERROR)) if model_id.startswith(_ERROR) else None


def find_model(model_id: str) -> Model | None:
    """The model an id means, variants and presets understood; None if there is none."""
    plain = _strip(model_id)
    if plain.startswith("sandbox/") and plain in MODELS:
        return _magic_model(plain)
    return CATALOGUE.get(plain)


def find_router(model_id: str) -> str | None:
    """The router's id if the id is one of a router (`openrouter/auto`, …)."""
    return model_id if model_id in _ROUTERS else None


def list_models(*, paid_only: bool = False) -> Iterator[Model]:
    """All models that speak, magic ones last; `paid_only` leaves out the free ones."""
    for model in CATALOGUE.values():
        if not model.embeds and not (paid_only and model.endpoints[0].is_free):
            yield model
    for name in MAGIC:
        yield _magic_model(f"sandbox/{name}")


def write_script(model: Model, ask: Ask) -> Script:
    """What this model says to this request, within the caller's and its own cap."""
    magic = MAGIC.get(model.id.removeprefix("sandbox/")) if model.id.startswith("sandbox/") else None
    thinks = model.reasons if ask.wants_reasoning is None else ask.wants_reasoning
    script = magic.write(ask) if magic else answer(ask, thinks=thinks)
    if ask.wants_debug and not script.opening:
        script = replace(script, opening=({"debug": {"echo_upstream_body": {"model": model.id}}},))
    return script.within(min(ask.limit or model.max_completion_tokens, model.max_completion_tokens))


def _strip(model_id: str) -> str:
    plain = model_id.partition("@preset/")[0]
    while plain.rpartition(":")[2] in _VARIANTS:
        plain = plain.rpartition(":")[0]
    return plain


def _magic_model(model_id: str) -> Model:
    outputs = {"sandbox/image": ("text", "image"), "sandbox/audio": ("text", "audio")}
    return Model(
        id=model_id,
        name=f"Sandbox: {model_id.removeprefix('sandbox/')}",
        endpoints=SANDBOX_ENDPOINTS,
        outputs=outputs.get(model_id, ("text",)),
        description=MODELS[model_id],
    )
