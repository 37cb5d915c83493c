"""Admission: whether a request may run, on which model, at which provider – or how it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from chit.sandbox import failures
from chit.sandbox.account import Account, Key
from chit.sandbox.ask import Ask, list_of, read_ask
from chit.sandbox.availability import WRONG_ENDPOINT
from chit.sandbox.catalogue import Endpoint, Model
from chit.sandbox.failures import Failure
from chit.sandbox.ledger import Attempt
from chit.sandbox.models import find_failure, find_model, find_router

_MOST_MODELS = 3
_HOTTEST = 2
_LAST_RESORT = "openai/gpt-5-mini"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A request that runs."""

    model: Model
    endpoint: Endpoint
    ask: Ask
    router: str | None = None
    attempts: tuple[Attempt, ...] = ()
    """Models tried before this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that does not run."""

    failure: Failure
    model: str = ""
    """The model id the failure's text names."""


def admit(body: Any, account: Account, key: Key, random: Random, *, embeds: bool = False) -> Admission | Refusal:
    """Decide about a parsed request body; of several models the first that may run is taken.

    `embeds` asks for embeddings, which only models for them and magic ones give.
    """
    if key.kind == "management":
        return Refusal(failure=failures.ORDINARY_ONLY)
    refused = _check_shape(body)
    if refused is not None:
        return Refusal(failure=refused)
    wanted = _list_wanted(body, account)
    if isinstance(wanted, Failure):
        return Refusal(failure=wanted)
    ask = read_ask(body)
    attempts: list[Attempt] = []
    refusal = Refusal(failure=failures.NO_MODELS)
    for model_id in wanted:
        routed = _route(model_id, body, account, key, ask, random)
        if not isinstance(routed, Failure) and not _is_for(routed[0], embeds=embeds):
            routed = WRONG_ENDPOINT
        if not isinstance(routed, Failure):
            model, endpoint = routed
            router = find_router(model_id)
            return Admission(model=model, endpoint=endpoint, ask=ask, router=router, attempts=tuple(attempts))
        refusal = Refusal(failure=routed, model=model_id)
        attempts.append(Attempt(provider="Sandbox", model=model_id, status=routed.status))
    return refusal


def _check_shape(body: Any) -> Failure | None:
    if not isinstance(body, dict):
        return failures.NO_INPUT
    messages = list_of(body.get("messages"))
    if not messages and not body.get("prompt"):
        return failures.NO_INPUT
    if messages and not any(isinstance(message, dict) and message.get("role") for message in messages):
        return failures.EMPTY_INPUT
    temperature = body.get("temperature")
    if isinstance(temperature, int | float) and temperature > _HOTTEST:
        text = f"Expected temperature to be at most 2, received {temperature:g}"
        return failures.fail(400, text, provider_name=None)
    return None


def _list_wanted(body: Mapping[str, Any], account: Account) -> list[str] | Failure:
    named = list_of(body.get("models"))
    if len(named) > _MOST_MODELS:
        return failures.TOO_MANY_MODELS
    first = [body["model"]] if body.get("model") is not None else []
    wanted = [*first, *named] or ([account.default_model] if account.default_model else [])
    if not wanted or wanted[0] == "":
        return failures.NO_MODELS
    return [str(model_id) for model_id in wanted]


def _route(
    model_id: str, body: Mapping[str, Any], account: Account, key: Key, ask: Ask, random: Random
) -> tuple[Model, Endpoint] | Failure:
    failure = find_failure(model_id)
    if failure is not None:
        return failure
    model = find_model(_concrete(model_id, account))
    if model is None:
        return failures.NO_ENDPOINTS if _is_free_variant(model_id) else failures.UNKNOWN_MODEL
    endpoint = _pick_endpoint(model, body.get("provider"), account, random)
    if isinstance(endpoint, Failure):
        return endpoint
    return _check_money(model, endpoint, account, key, ask) or (model, endpoint)


def _is_for(model: Model, *, embeds: bool) -> bool:
    return model.embeds == embeds or model.id.startswith("sandbox/")


def _concrete(model_id: str, account: Account) -> str:
    indirect = find_router(model_id) is not None or model_id.startswith("@preset/")
    return (account.default_model or _LAST_RESORT) if indirect else model_id


def _is_free_variant(model_id: str) -> bool:
    return model_id.endswith(":free") and find_model(model_id.removesuffix(":free")) is not None


def _pick_endpoint(model: Model, provider: Any, account: Account, random: Random) -> Endpoint | Failure:
    wishes: Mapping[str, Any] = provider if isinstance(provider, dict) else {}
    offers = list(model.endpoints)
    if "deny" in (account.data_policy, wishes.get("data_collection")):
        offers = [offer for offer in offers if not offer.trains]
        if not offers:
            return failures.DATA_POLICY
    order, only = list_of(wishes.get("order")), list_of(wishes.get("only"))
    offers = [offer for offer in offers if not only or _is_named(offer, only)]
    offers = [offer for offer in offers if not _is_named(offer, list_of(wishes.get("ignore")))]
    preferred = [offer for slug in order for offer in offers if _is_named(offer, [slug])]
    if preferred:
        return preferred[0]
    if not offers or (order and wishes.get("allow_fallbacks") is False):
        return failures.not_allowed([offer.tag for offer in model.endpoints], [*order, *only])
    return random.choice(offers)


def _is_named(endpoint: Endpoint, slugs: list[Any]) -> bool:
    return endpoint.tag in slugs or endpoint.provider in slugs


def _check_money(model: Model, endpoint: Endpoint, account: Account, key: Key, ask: Ask) -> Failure | None:
    balance = account.balance
    if balance < 0 or (balance == 0 and not endpoint.is_free):
        return failures.CREDITS if account.total_credits else failures.CREDITS_NEVER
    remaining = key.remaining()
    if remaining is not None and remaining <= 0:
        return failures.key_limit(key.limit_reset)
    left = balance if remaining is None else min(balance, remaining)
    return _check_affordable(model, endpoint, left, ask, by_key=left < balance)


def _check_affordable(model: Model, endpoint: Endpoint, left: Decimal, ask: Ask, *, by_key: bool) -> Failure | None:
    cap = min(ask.limit or model.max_completion_tokens, model.max_completion_tokens)
    spare = left - ask.prompt_tokens * endpoint.price.prompt
    if spare >= cap * endpoint.price.completion:
        return None
    return failures.cannot_afford(cap, max(0, int(spare / endpoint.price.completion)), by_key=by_key)
