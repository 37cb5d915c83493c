"""Rules by routing step, HTTP status and wording, for failures without a code that says it all.

Wordings are families, never one literal sentence: OpenRouter rewords its messages without notice (field guide §4.5).
"""

from chit import about
from chit.core import guidance_offers as offers
from chit.core.guidance_conditions import (
    available,
    both,
    can_afford_nothing,
    can_afford_some,
    either,
    fails,
    has_own_key,
    has_status,
    is_json,
    is_providers,
    may_be,
    names_a_policy,
    openrouter_says,
    says,
    stopped_at,
)
from chit.core.guidance_rules import Rule

_AGAIN = (offers.RETRY, offers.SWITCH_MODEL, offers.STATUS)

ROUTING: tuple[Rule, ...] = (
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Allowed Providers"), says(r"no allowed providers")),
        cause="None of the providers you allow serves {model}.",
        hint="Allow more providers, in the request or on OpenRouter's privacy page, or choose another model.",
        link=about.PRIVACY_PAGE,
        offers=(offers.DROP_PROVIDERS, offers.SWITCH_MODEL, offers.PRIVACY),
    ),
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Tool Compatibility"), says(r"support tool use|support tools")),
        cause="No provider of {model} can use tools.",
        hint="Send it without tools (here {tool}), or choose a model that has them.",
        offers=(offers.DROP_TOOLS, offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Image Support"), says(r"support image input")),
        cause="{model} cannot look at images.",
        hint="Choose a model that can, or take out the images, those of earlier messages too.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Model Output Modalities"), says(r"output modalit")),
        cause="{model} cannot give {outputs}.",
        hint="Ask for text only, or choose a model that can.",
        offers=(offers.DROP_OUTPUTS, offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Parameters"), says(r"handle the requested param")),
        cause="No provider of {model} supports every parameter of this request.",
        hint="Leave out what it may not support, such as a response format, do not require all parameters, or choose "
        "another model.",
        offers=(offers.DROP_REQUIRED, offers.DROP_FORMAT, offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="model_unavailable",
        when=either(
            stopped_at("Gate Free Endpoints by Agentic Harness"), both(may_be(403), says(r"reserved for .*\bapps\b"))
        ),
        cause="{model} is reserved for coding agents and apps on OpenRouter's list.",
        hint="Choose another model; the key is fine.",
    ),
    Rule(kind="data_policy", when=stopped_at("Filter by Data Policy")),
    Rule(kind="guardrail", when=stopped_at("Filter by Guardrails")),
)
"""Field guide §4.5 and §4.6: the step that left no provider, or the words for it."""

MONEY: tuple[Rule, ...] = (
    Rule(kind="credits_in_flight", when=both(may_be(402), openrouter_says(r"in[- ]flight requests"))),
    Rule(
        kind="key_limit",
        when=both(may_be(402, 403), can_afford_some, openrouter_says(r"settings/keys|key with a higher")),
        hint="Send it again asking for {tokens}, raise the key's limit on OpenRouter's key page, or use another key.",
    ),
    Rule(
        kind="key_limit",
        when=both(may_be(402, 403), openrouter_says(r"settings/keys|key with a higher|\bkey('s)? (spending )?limit\b")),
        offers=(offers.KEYS, offers.OTHER_KEY),
    ),
    Rule(
        kind="credits_insufficient",
        when=both(may_be(402), openrouter_says(r"prompt tokens? limit|prompt .*limit exceeded")),
        cause="Your OpenRouter credits do not even cover the prompt{size}.",
        hint="Shorten the conversation, or add credits.",
        offers=(offers.CREDITS,),
    ),
    Rule(
        kind="credits_insufficient",
        when=both(may_be(402), can_afford_nothing),
        hint="Add credits.",
        offers=(offers.CREDITS,),
    ),
    Rule(
        kind="credits_insufficient",
        when=both(may_be(402), openrouter_says(r"can only afford|requires more credits|fewer max_tokens")),
    ),
    Rule(
        kind="budget",
        when=both(may_be(402, 403), openrouter_says(r"\bbudget\b.*(exceed|exhaust|reached|used)")),
    ),
    Rule(
        kind="credits_exhausted",
        when=both(may_be(402), openrouter_says(r"never purchased")),
        cause="This OpenRouter account has never bought credits, or the key belongs to another account than you think.",
        hint="Add credits, or check on OpenRouter's key page which account or organisation the key belongs to.",
        offers=(offers.CREDITS, offers.OTHER_KEY),
    ),
    Rule(kind="credits_exhausted", when=both(may_be(402), openrouter_says(r"insufficient (credit|balance|funds)"))),
)
"""Field guide §4.6 and §4.7. A key's limit comes as 402 and as 403 (field guide §12)."""

REQUEST: tuple[Rule, ...] = (
    Rule(kind="no_model", when=both(may_be(400, 404, 422), says(r"\bno models? (was |were )?(provided|specified)"))),
    Rule(
        kind="model_unknown",
        when=both(
            may_be(400, 404),
            openrouter_says(r"not a valid model|unknown model|\bmodel\b.{0,200}\b(not found|does not exist)"),
        ),
    ),
    Rule(
        kind="request_invalid",
        when=both(may_be(400, 422), says(r"'?models'? array .*\bitems or fewer")),
        cause="Too many fallback models: OpenRouter takes at most {most}, the first choice included.",
        hint="Shorten the list to {most} models.",
        offers=(offers.DROP_FALLBACKS,),
    ),
    Rule(
        kind="context_too_long",
        when=both(
            may_be(400, 413, 422),
            says(r"context[- _](length|window|limit|compression)|maximum context|prompt is too long|input is too long"),
        ),
    ),
    Rule(kind="payload_too_large", when=either(has_status(413), both(may_be(400), says(r"payload too large")))),
)
"""Field guide §4.4 and §4.8."""

ACCESS: tuple[Rule, ...] = (
    Rule(
        kind="key_wrong_kind",
        when=both(may_be(400, 401, 403), openrouter_says(r"management keys? (cannot|can't|can not|may not)")),
        cause="A management key administers an account; it cannot ask a model anything.",
        hint="Use an ordinary key, made on OpenRouter's key page.",
        link=about.KEYS_PAGE,
        offers=(offers.OTHER_KEY, offers.KEYS),
    ),
    Rule(
        kind="key_wrong_kind",
        when=both(may_be(400, 401, 403), openrouter_says(r"(management|provisioning) keys?\b")),
        offers=(offers.ADD_KEY, offers.MANAGEMENT_KEYS),
    ),
    Rule(kind="content_blocked", when=both(may_be(400, 403), openrouter_says(r"request blocked|prompt injection"))),
    Rule(kind="moderation", when=both(may_be(400, 403), says(r"moderation|was flagged|content polic|safety polic"))),
    Rule(kind="attestation", when=both(may_be(403), openrouter_says(r"attest"))),
    Rule(
        kind="model_unavailable",
        when=both(may_be(403), says(r"\b(region|country)\b")),
        cause="{model} is not offered in your region.",
        hint="Choose a model or a provider that serves your region.",
    ),
)
"""Field guide §4.4 and §4.6."""

POLICY: tuple[Rule, ...] = (
    Rule(kind="guardrail", when=both(names_a_policy, openrouter_says(r"guardrail"))),
    Rule(kind="data_policy", when=names_a_policy),
)
"""Field guide §4.5: a policy may be named under any status, 502 included."""

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
    Rule(kind="key_rejected", when=has_status(401)),
    Rule(kind="key_rejected", when=both(may_be(401), openrouter_says(r"auth credentials|user not found"))),
    Rule(kind="credits_exhausted", when=has_status(402)),
    Rule(
        kind="unknown",
        when=has_status(403),
        cause="{source} does not permit this request{status_note}.",
        hint="What it said may name the reason; otherwise try another model or another key.",
        offers=(offers.SWITCH_MODEL,),
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
    Rule(kind="request_invalid", when=has_status(400, 412, 422), offers=()),
    Rule(
        kind="free_quota",
        when=both(may_be(429), openrouter_says(r"free-models-per-")),
        cause="This account has sent too many free requests within a minute.",
        hint="Wait up to a minute, then try again, or use a paid model.",
        offers=(offers.RETRY, offers.DROP_FREE),
    ),
    Rule(kind="capacity", when=both(may_be(429, 503, 529), openrouter_says(r"at capacity|no capacity"))),
    Rule(
        kind="rate_limited",
        when=both(may_be(429), either(is_providers, says(r"rate-limited upstream"))),
        cause="{provider} takes no more requests for {model} just now.",
        hint="Try again {wait}, choose another model, or add a key of your own for that provider.",
        link=about.INTEGRATIONS_PAGE,
        offers=(offers.RETRY, offers.SWITCH_MODEL, offers.INTEGRATIONS),
    ),
    Rule(kind="rate_limited", when=has_status(429), offers=(offers.RETRY, offers.SWITCH_MODEL)),
    Rule(kind="upstream_timeout", when=has_status(408, 504, 522, 524)),
    Rule(kind="provider_overloaded", when=has_status(503, 529)),
    Rule(kind="provider_failed", when=both(has_status(502), is_json), offers=_AGAIN),
    Rule(kind="upstream_error", when=fails),
)
"""Field guide §4.2: what is left goes by status."""
