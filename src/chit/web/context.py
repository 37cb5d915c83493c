"""Under the last reply: how full the model's context is, what the next turn takes, and what caching saved."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from chit.app import App
from chit.core.compression import read_compression
from chit.core.defaults import add_defaults
from chit.core.generation import Generation, write_chit
from chit.core.next_turn import find_model, look_ahead
from chit.web import pages


async def write_context(app: App, generation: Generation, defaults: Mapping[str, Any], *, is_sandbox: bool) -> Markup:
    """After the reply of that generation; `defaults` are the preferences' parameters.

    Nothing is fetched for it: of a model that is in no catalogue here, length and prices are unknown. Raises
    `StoreError`, and `NotFound` where the conversation was deleted.
    """
    conversation = await app.store.get_conversation(generation.conversation_id)
    chit = write_chit(generation)
    parameters = add_defaults(conversation.parameters, defaults)
    turns = await app.store.sum_turns(conversation.id)
    model = find_model(await app.catalogue.list_kept(), chit.requested_model, chit.model)
    ahead = look_ahead(
        prompt_tokens=chit.prompt_tokens,
        completion_tokens=chit.completion_tokens,
        cached_tokens=chit.cached_tokens,
        turns=turns,
        model=model,
        parameters=parameters,
    )
    return pages.render(
        "context",
        conversation_id=conversation.id,
        chit=chit,
        ahead=ahead,
        turns=turns,
        choice=read_compression(parameters),
        sandbox=is_sandbox,
    )
