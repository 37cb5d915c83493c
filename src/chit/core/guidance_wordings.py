"""Rules by routing step and wording, for failures without a code that says it all.

Wordings are families, never one literal sentence: OpenRouter rewords its messages without notice (field guide §4.5).
"""

from chit import about
from chit.core import guidance_offers as offers
from chit.core.guidance_conditions import (
    both,
    can_afford_nothing,
    can_afford_some,
    either,
    has_status,
    may_be,
    names_a_policy,
    openrouter_says,
    says,
    stopped_at,
)
from chit.core.guidance_rules import TOO_LONG, Rule

ROUTING: tuple[Rule, ...] = (
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Allowed Providers"), says(r"no allowed providers")),
        cause="None of the providers you allow{allowed_note} serves {model}.",
        hint="Allow more providers{serving_note}, in the request or on OpenRouter's privacy page, or choose another "
        "model.",
        link=about.PRIVACY_PAGE,
        offers=(offers.DROP_PROVIDERS, offers.SWITCH_MODEL, offers.PRIVACY),
    ),
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Tool Compatibility"), says(r"support tool use|support tools")),
        cause="No provider of {model} can use tools.",
        hint="Send it without tools{tool_note}, or choose a model that has them.",
        offers=(offers.DROP_TOOLS, offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Image Support"), says(r"support image input")),
        cause="{model} cannot look at images.",
        hint="Choose a model that reads images, or take them out, those of earlier messages too.",
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
    Rule(
        kind="no_endpoint",
        when=either(stopped_at("Filter by Model Output Modalities"), says(r"output modalit")),
        cause="{model} cannot give {outputs}.",
        hint="Ask for text only, or choose a model that gives {outputs}.",
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
        when=both(may_be(402, 403), openrouter_says(r"\bkey('s)? (spending )?limit\b.*\b(daily|weekly|monthly)\b")),
        hint="Raise the key's limit on OpenRouter's key page, use another key, or wait: it starts anew {renewal}.",
        offers=(offers.KEYS, offers.OTHER_KEY),
    ),
    Rule(
        kind="key_limit",
        when=both(may_be(402, 403), openrouter_says(r"settings/keys|key with a higher|\bkey('s)? (spending )?limit\b")),
        offers=(offers.KEYS, offers.OTHER_KEY),
    ),
    Rule(
        kind="credits_insufficient",
        when=both(may_be(402), openrouter_says(r"prompt tokens? limit|prompt .*limit exceeded")),
        cause="Your OpenRouter credits do not even cover the prompt.",
        hint="Shorten the conversation{size}, or add credits.",
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
    Rule(
        kind="request_invalid",
        when=both(may_be(400, 422), openrouter_says(r"input (is )?required|input must have")),
        cause="The message is empty.",
        hint="Write something, or attach a file, and send it again.",
        offers=(),
    ),
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
        offers=TOO_LONG,
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
        offers=(offers.SWITCH_MODEL, offers.MODELS),
    ),
)
"""Field guide §4.4 and §4.6."""

POLICY: tuple[Rule, ...] = (
    Rule(kind="guardrail", when=both(names_a_policy, openrouter_says(r"guardrail"))),
    Rule(kind="data_policy", when=names_a_policy),
)
"""Field guide §4.5: a policy may be named under any status, 502 included."""
