"""The last rules: what a provider refused, and what is left to HTTP's status."""

from chit import about
from chit.core import guidance_offers as offers
from chit.core.guidance_conditions import (
    available,
    both,
    either,
    fails,
    has_own_key,
    has_status,
    is_json,
    is_providers,
    may_be,
    openrouter_says,
    says,
)
from chit.core.guidance_rules import Rule

_AGAIN = (offers.RETRY, offers.SWITCH_MODEL, offers.STATUS)

PROVIDERS: tuple[Rule, ...] = (
    Rule(
        kind="provider_failed",
        when=both(has_status(401, 402, 403, 404), has_own_key),
        cause="{provider} refused the key of your own that OpenRouter holds for it.",
        hint="Check that key and its account at the provider, then on OpenRouter's page for provider keys.",
        link=about.INTEGRATIONS_PAGE,
        offers=(offers.INTEGRATIONS, offers.SWITCH_MODEL),
        retryable=False,
    ),
    Rule(
        kind="provider_failed",
        when=both(has_status(401, 402, 403, 404), is_providers),
        cause="{provider} refused OpenRouter's request for {model}. Your key and credits are not the cause.",
        offers=_AGAIN,
    ),
    Rule(
        kind="request_invalid",
        when=both(has_status(400, 412, 422), is_providers),
        cause="{provider} could not accept the request as it is.",
        hint="Change what it objects to, or choose another model or provider.",
        offers=(offers.SWITCH_MODEL,),
    ),
)
"""Field guide §4.8: "Provider returned error", with the provider's own words in `metadata.raw`."""

STATUSES: tuple[Rule, ...] = (
    Rule(
        kind="key_missing",
        when=both(may_be(401), openrouter_says(r"missing auth|no api key|missing api key")),
    ),
    Rule(
        kind="key_rejected",
        when=both(may_be(401, 403), openrouter_says(r"\bkey\b.*\bdisabled\b|\bdisabled\b.*\bkey\b")),
        cause="This OpenRouter key is switched off.",
        hint="Switch it on again on OpenRouter's key page, or use another key.",
    ),
    Rule(
        kind="key_rejected",
        when=both(may_be(401, 403), openrouter_says(r"\b(key|session|token)\b.*\bexpired\b")),
        cause="This OpenRouter key has expired.",
        hint="Make a new one on OpenRouter's key page, or sign in again.",
    ),
    Rule(
        kind="key_rejected",
        when=both(may_be(401), openrouter_says(r"user not found")),
        cause="OpenRouter knows no account that this key belongs to.",
        hint="It was deleted or disabled, or mistyped when it was copied. Look for it on OpenRouter's key page, or "
        "make a new one there.",
    ),
    Rule(kind="key_rejected", when=either(has_status(401), both(may_be(401), openrouter_says(r"auth credentials")))),
    Rule(kind="credits_exhausted", when=has_status(402)),
    Rule(
        kind="unknown",
        when=has_status(403),
        cause="{source} does not permit this request{status_note}.",
        hint="What it said may name the reason; otherwise try another model or another key.",
        link=about.PREFERENCES_PAGE,
        offers=(offers.SWITCH_MODEL, offers.OTHER_KEY, offers.PREFERENCES),
        retryable=False,
    ),
    Rule(
        kind="no_endpoint",
        when=both(may_be(404), openrouter_says(r"model restrictions")),
        cause="None of the models that the auto router may use fits this request.",
        hint="Loosen the list of models the auto router may choose from, or name a model.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="no_endpoint",
        when=either(available("no_endpoints"), both(may_be(404), openrouter_says(r"\bno endpoints"))),
        cause="No provider offers {model} at present.",
        hint="Choose another model; a free one may only be offered for money now.",
        offers=(offers.DROP_FREE, offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="request_invalid",
        when=has_status(404),
        cause="OpenRouter does not know what was asked for.",
        hint="Check the model id, any preset or file id in the request, and the base URL in the preferences.",
        offers=(offers.SWITCH_MODEL,),
    ),
    Rule(
        kind="request_invalid",
        when=has_status(412),
        cause="A condition that the request sets is not met.",
        hint="Leave out its If-… header, which names the condition, and send it again.",
        offers=(),
    ),
    Rule(kind="request_invalid", when=has_status(400, 422), offers=()),
    Rule(kind="capacity", when=both(may_be(429, 503, 529), openrouter_says(r"at capacity|no capacity"))),
    Rule(
        kind="rate_limited",
        when=both(may_be(429), either(is_providers, says(r"rate-limited upstream"))),
        cause="{provider} takes no more requests for {model} just now.",
        hint="Try again {wait}, let another model stand in, or add a key of your own for {provider}.",
        link=about.INTEGRATIONS_PAGE,
        offers=(offers.RETRY, offers.FALL_BACK, offers.SWITCH_MODEL, offers.INTEGRATIONS),
    ),
    Rule(kind="rate_limited", when=has_status(429), offers=(offers.RETRY, offers.SWITCH_MODEL)),
    Rule(kind="upstream_timeout", when=has_status(408, 504, 522, 524)),
    Rule(kind="provider_overloaded", when=has_status(503, 529)),
    Rule(kind="provider_failed", when=both(has_status(502), is_json), offers=_AGAIN),
    Rule(kind="upstream_error", when=fails),
)
"""Field guide §4.2: what is left goes by status."""
