"""Rules that need no wording: what the connection did, and what OpenRouter's typed codes say.

A rule names a kind and, where the kind's general advice would miss the point, its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chit import about
from chit.core import guidance_offers as offers
from chit.core.guidance_conditions import (
    Test,
    available,
    both,
    caused_by,
    either,
    excludes_by_length,
    excludes_by_policy,
    excludes_by_region,
    has_come_to_nothing,
    has_own_key,
    has_status,
    is_constrained,
    is_daily,
    is_edge_page,
    is_foreign,
    is_ineligible,
    is_ineligible_by_policy,
    is_page,
    is_turned_away,
    limited_by,
    lists,
    may_be,
    openrouter_says,
    reserves_credits,
    stopped_at,
    typed,
)
from chit.core.guidance_facts import Facts
from chit.core.guidance_info import Kind
from chit.core.guidance_offers import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the field guide. None means: as the kind has it."""

    kind: Kind
    when: Test
    cause: str | None = None
    hint: str | None = None
    link: str | None = None
    offers: tuple[Offer, ...] | None = None
    retryable: bool | None = None


TOO_LONG = (offers.COMPRESS, offers.SWITCH_MODEL, offers.MODELS)
"""What helps where the conversation is too long."""


def first_rule(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """The first rule whose test holds."""
    return next((rule for rule in rules if rule.when(facts)), None)


TRANSPORT: tuple[Rule, ...] = (
    Rule(kind="offline", when=caused_by("dns"), cause="OpenRouter's address could not be looked up; nothing was sent."),
    Rule(
        kind="offline",
        when=caused_by("proxy"),
        cause="The proxy between you and OpenRouter refused or failed; nothing was sent.",
        hint="Check the proxy settings of this computer, then try again.",
    ),
    Rule(kind="offline", when=caused_by("connect")),
    Rule(kind="tls", when=caused_by("tls")),
    Rule(
        kind="upstream_timeout",
        when=caused_by("timeout", phase="unsent"),
        cause="OpenRouter could not be reached in time; nothing was sent.",
        hint="Check your network, then try again.",
        offers=(offers.RETRY, offers.STATUS),
    ),
    Rule(kind="upstream_timeout", when=caused_by("timeout")),
    Rule(
        kind="stream_cut",
        when=both(caused_by("reset", "cut", phase="streaming"), has_come_to_nothing),
        cause="The connection broke before any of the reply could be read.",
    ),
    Rule(kind="stream_cut", when=caused_by("reset", "cut", phase="streaming")),
    Rule(
        kind="offline",
        when=caused_by("reset", "cut", phase="unsent"),
        cause="The connection to OpenRouter broke before anything was sent.",
    ),
    Rule(
        kind="upstream_error",
        when=caused_by("reset", "cut"),
        cause="The connection broke before the answer was complete.",
        hint="Check your network, then try again.",
    ),
    Rule(kind="stalled", when=caused_by("stalled")),
    Rule(kind="empty_completion", when=caused_by("empty")),
    Rule(
        kind="bad_gateway_page",
        when=is_turned_away,
        cause="The protection in front of OpenRouter turned this request away with a web page{status_note}.",
        hint="Send nothing for a few minutes, then try again. A VPN or proxy shared with others can cause this.",
        offers=(offers.RETRY, offers.STATUS),
    ),
    Rule(
        kind="bad_gateway_page",
        when=both(is_edge_page, has_status(504, 522, 524)),
        cause="OpenRouter did not answer its own front door in time; a web page came instead{status_note}.",
        hint="Try again {wait}, or ask for a shorter answer.",
    ),
    Rule(kind="bad_gateway_page", when=is_edge_page),
    Rule(kind="unexpected_reply", when=caused_by("garbled")),
    Rule(kind="unexpected_reply", when=is_page),
    Rule(kind="unexpected_reply", when=is_foreign),
)
"""By `Fault.cause`, and replies that are not OpenRouter's JSON (field guide §4.1, shape H)."""

AVAILABILITY: tuple[Rule, ...] = (
    Rule(kind="model_unknown", when=available("model_not_found")),
    Rule(
        kind="model_unavailable",
        when=available("wrong_endpoint"),
        cause="{model} is not a model to chat with.",
        hint="Choose a model that writes text; this one is made for something else, for example embeddings.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="model_unavailable",
        when=available("model_deprecated"),
        cause="{model} has been retired.",
        hint="Choose the model that took its place{successor_note}.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="model_unavailable",
        when=available("model_unavailable_upstream"),
        cause="{model} is no longer offered: its providers have taken it away.",
        hint="Choose another model{successor_note}.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="model_unavailable",
        when=available("free_variant_ended"),
        cause="{model} is no longer offered for free.",
        hint="Use the paid model, or choose another{successor_note}.",
    ),
    Rule(
        kind="model_unavailable",
        when=available("region_restricted"),
        cause="{model} is not offered in your region.",
        hint="Choose a model or a provider that serves your region.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(kind="data_policy", when=available("privacy_restricted")),
    Rule(kind="data_policy", when=excludes_by_policy),
    Rule(kind="context_too_long", when=excludes_by_length, offers=TOO_LONG),
    Rule(kind="capacity", when=available("capacity_exhausted")),
    Rule(
        kind="provider_failed",
        when=available("temporarily_unavailable"),
        cause="{model} is unavailable for the moment.",
        offers=(offers.RETRY, offers.SWITCH_MODEL, offers.STATUS),
    ),
    Rule(
        kind="no_endpoint",
        when=excludes_by_region,
        cause="No provider serves {model} where this request may be served ({constraint}).",
        hint="Choose a model that is served there.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="no_endpoint",
        when=is_constrained,
        cause="No provider of {model} fits this request because of {constraint}{constraint_note}.",
        hint="Loosen {constraint}, or choose another model.",
        offers=(offers.LOOSEN, offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="no_endpoint",
        when=available("constraint_filtered"),
        cause="No provider of {model} fits the limits of this request.",
        hint="Loosen its limits on price, providers or parameters, or choose another model.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
)
"""Field guide §4.3. `no_endpoints` is left to the routing steps and words, which know more."""

METADATA: tuple[Rule, ...] = (
    Rule(kind="credits_in_flight", when=reserves_credits),
    Rule(
        kind="free_quota",
        when=both(is_daily, openrouter_says(r"high-balance")),
        hint="They start anew {reset}. Until then use a paid model.",
        offers=(offers.DROP_FREE, offers.SWITCH_MODEL),
    ),
    Rule(kind="free_quota", when=is_daily, offers=(offers.DROP_FREE, offers.SWITCH_MODEL, offers.CREDITS)),
    Rule(
        kind="free_quota",
        when=either(limited_by("openrouter_free_tier"), both(may_be(429), openrouter_says(r"free-models-per-"))),
        cause="This account has sent too many free requests within a minute.",
        hint="Try again {wait}: they are counted by the minute. Or use a paid model.",
        offers=(offers.RETRY, offers.DROP_FREE, offers.SWITCH_MODEL),
        retryable=True,
    ),
    Rule(
        kind="rate_limited",
        when=both(may_be(429), has_own_key),
        cause="{provider} limits how often the key of your own, which OpenRouter holds for it, may be used.",
        hint="Try again {wait}, have that limit raised at {provider}, or choose another model.",
        link=about.INTEGRATIONS_PAGE,
        offers=(offers.RETRY, offers.FALL_BACK, offers.SWITCH_MODEL),
    ),
    Rule(
        kind="rate_limited",
        when=limited_by("upstream"),
        cause="{provider} limits how often OpenRouter's customers may use {model} together, and that limit is reached.",
        hint="Try again {wait}, let another model stand in, or add a key of your own for {provider}.",
        link=about.INTEGRATIONS_PAGE,
        offers=(offers.RETRY, offers.FALL_BACK, offers.SWITCH_MODEL, offers.INTEGRATIONS),
    ),
    Rule(kind="attestation", when=lists("missing_attestation_types")),
    Rule(kind="attestation", when=stopped_at("Gate Endpoints with Attestations")),
    Rule(kind="content_blocked", when=lists("patterns")),
    Rule(kind="moderation", when=lists("reasons")),
    Rule(kind="data_policy", when=is_ineligible_by_policy),
    Rule(kind="guardrail", when=is_ineligible),
)
"""Field guide §4.5, §4.6, §4.7, §4.9: members of `error.metadata`."""

_IMAGES: Mapping[str, str] = {
    "invalid_image": "is damaged, or is none",
    "image_too_large": "is too large",
    "image_too_small": "is too small",
    "unsupported_image_format": "has a format that the model does not read",
    "image_not_found": "is not where its link leads",
    "image_download_failed": "could not be fetched from where its link leads",
}

TYPES: tuple[Rule, ...] = (
    Rule(
        kind="context_too_long",
        when=typed("max_tokens_exceeded"),
        cause="A longer answer was asked for than {model} can give.",
        hint="Ask for fewer tokens (max_tokens), or choose another model.",
        offers=(offers.DROP_LIMIT, offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(kind="context_too_long", when=typed("context_length_exceeded", "token_limit_exceeded"), offers=TOO_LONG),
    Rule(
        kind="moderation",
        when=typed("content_policy_violation", "refusal"),
        cause="{source} declined to answer this because of its content.",
    ),
    *(
        Rule(
            kind="request_invalid",
            when=typed(error_type),
            cause=f"An image of this conversation {trouble}.",
            hint="Replace it by a PNG, JPEG, WebP or GIF of ordinary size, attached rather than linked.",
            offers=(offers.SWITCH_MODEL,),
        )
        for error_type, trouble in _IMAGES.items()
    ),
    Rule(
        kind="request_invalid",
        when=typed("string_too_long"),
        cause="One of the texts in the request is too long.",
        hint="Shorten it, then send it again.",
        offers=(),
    ),
)
"""Field guide §4.2: those values of `error_type` that say more than a status does."""
