"""Kinds of failures that are answers: what was asked for is refused, and sending it unchanged seldom helps."""

from collections.abc import Mapping

from chit import about
from chit.core import guidance_offers as offers
from chit.core.guidance_info import EXIT_NO_KEY, EXIT_NO_MONEY, EXIT_REJECTED, Kind, KindInfo

_MODEL: Mapping[Kind, KindInfo] = {
    "no_model": KindInfo(
        cause="No model was named, and this OpenRouter account has no default model.",
        hint="Name a model for this message, or set a default model in your OpenRouter preferences.",
        link=about.PREFERENCES_PAGE,
        offers=(offers.PREFERENCES, offers.MODELS, offers.SWITCH_MODEL),
        exit_code=EXIT_REJECTED,
    ),
    "model_unknown": KindInfo(
        cause="{model} is not a model OpenRouter knows.",
        hint="{near_note}Check the spelling: a model id has its author in front, as in openai/gpt-5-mini. Old models "
        "are removed.",
        link=about.MODELS_PAGE,
        offers=(offers.SWITCH_MODEL, offers.MODELS),
        exit_code=EXIT_REJECTED,
    ),
    "model_unavailable": KindInfo(
        cause="{model} is no longer offered, or not to you.",
        hint="Choose another model.",
        link=about.MODELS_PAGE,
        offers=(offers.DROP_FREE, offers.SWITCH_MODEL, offers.MODELS),
        exit_code=EXIT_REJECTED,
    ),
    "data_policy": KindInfo(
        cause="No provider of {model} meets your data policy{policy_note}.",
        hint="Relax that setting ({policy}) on OpenRouter's privacy page, or choose another model.{free_note}",
        link=about.PRIVACY_PAGE,
        offers=(offers.PRIVACY, offers.PREFERENCES, offers.SWITCH_MODEL),
        exit_code=EXIT_REJECTED,
    ),
    "guardrail": KindInfo(
        cause="A guardrail of your account, or its data policy, leaves no provider for {model}{policy_note}.",
        hint="Change the guardrail or the policy{policy_note} on OpenRouter's privacy page, or ask whoever manages the "
        "account; or choose another model.",
        link=about.PRIVACY_PAGE,
        offers=(offers.PRIVACY, offers.PREFERENCES, offers.SWITCH_MODEL),
        exit_code=EXIT_REJECTED,
    ),
    "no_endpoint": KindInfo(
        cause="No provider offers {model} for this request.",
        hint="The model exists, but nobody serves it as asked: choose another model, or ask for less.",
        link=about.MODELS_PAGE,
        offers=(
            offers.DROP_TOOLS,
            offers.DROP_OUTPUTS,
            offers.DROP_REQUIRED,
            offers.DROP_FORMAT,
            offers.DROP_PROVIDERS,
            offers.LOOSEN,
            offers.DROP_FREE,
            offers.SWITCH_MODEL,
            offers.MODELS,
            offers.PRIVACY,
        ),
        exit_code=EXIT_REJECTED,
    ),
}

_KEY: Mapping[Kind, KindInfo] = {
    "key_missing": KindInfo(
        cause="There is no OpenRouter key to send with the request.",
        hint="Sign in with OpenRouter, or paste a key; keys are made on OpenRouter's key page.",
        link=about.KEYS_PAGE,
        offers=(offers.ADD_KEY, offers.KEYS),
        exit_code=EXIT_NO_KEY,
    ),
    "key_rejected": KindInfo(
        cause="OpenRouter does not accept this key.",
        hint="It may have been deleted, disabled or copied with a piece missing. Look for it on OpenRouter's key page, "
        "or make a new one there.",
        link=about.KEYS_PAGE,
        offers=(offers.OTHER_KEY, offers.KEYS, offers.STATUS),
        exit_code=EXIT_NO_KEY,
        quotes=True,
    ),
    "key_wrong_kind": KindInfo(
        cause="This needs a management key, and yours is an ordinary one.",
        hint="Add a management key; it is made on a page of its own and only used for your balance and activity.",
        link=about.MANAGEMENT_KEYS_PAGE,
        offers=(offers.ADD_KEY, offers.OTHER_KEY, offers.MANAGEMENT_KEYS, offers.KEYS),
        exit_code=EXIT_NO_KEY,
    ),
}

_MONEY: Mapping[Kind, KindInfo] = {
    "credits_exhausted": KindInfo(
        cause="Your OpenRouter credits are used up.",
        hint="Add credits. A balance below zero blocks free models too; a card payment can take an hour to show.",
        link=about.CREDITS_PAGE,
        offers=(offers.CREDITS, offers.OTHER_KEY),
        exit_code=EXIT_NO_MONEY,
    ),
    "credits_insufficient": KindInfo(
        cause="Your OpenRouter credits do not cover a request this large.",
        hint="Send it again asking for {tokens}, or add credits. Without a limit, the longest answer the model "
        "can give is counted.",
        link=about.CREDITS_PAGE,
        offers=(offers.AFFORD, offers.CREDITS),
        exit_code=EXIT_NO_MONEY,
    ),
    "credits_in_flight": KindInfo(
        cause="Other requests that are still running have reserved the rest of your credits.",
        hint="Try again {wait}, when they have ended, or add credits.",
        link=about.CREDITS_PAGE,
        offers=(offers.RETRY, offers.CREDITS),
        retryable=True,
        exit_code=EXIT_NO_MONEY,
    ),
    "key_limit": KindInfo(
        cause="This key has reached its own {period}spending limit; your account may well have credits left.",
        hint="Raise the key's limit on OpenRouter's key page, or use another key.",
        link=about.KEYS_PAGE,
        offers=(offers.AFFORD, offers.KEYS, offers.OTHER_KEY),
        exit_code=EXIT_NO_MONEY,
    ),
    "budget": KindInfo(
        cause="A {period}budget that was set for this account, workspace or key is used up.",
        hint="Ask whoever manages the OpenRouter account to raise it, or wait: it starts anew {renewal}.",
        link=about.PRIVACY_PAGE,
        offers=(offers.PRIVACY, offers.OTHER_KEY),
        quotes=True,
        exit_code=EXIT_NO_MONEY,
    ),
}

_CONTENT: Mapping[Kind, KindInfo] = {
    "moderation": KindInfo(
        cause="{source} refused the message because of {reasons}.",
        hint="Reword the message{flagged_note}, or choose a model that is not moderated.",
        link=about.MODELS_PAGE,
        offers=(offers.SWITCH_MODEL, offers.MODELS),
        quotes=True,
        exit_code=EXIT_REJECTED,
    ),
    "content_blocked": KindInfo(
        cause="A guardrail of your OpenRouter account blocked the content of this message.",
        hint="Take out what it objects to{patterns_note}, or have the guardrail changed on OpenRouter's privacy page.",
        link=about.PRIVACY_PAGE,
        offers=(offers.PRIVACY,),
        quotes=True,
        exit_code=EXIT_REJECTED,
    ),
    "attestation": KindInfo(
        cause="{model} may only be used after a confirmation that this account has not given.",
        hint="Confirm it ({attestation}) in your OpenRouter preferences, or choose another model. The key is fine.",
        link=about.PREFERENCES_PAGE,
        offers=(offers.PREFERENCES, offers.SWITCH_MODEL),
        exit_code=EXIT_REJECTED,
    ),
    "request_invalid": KindInfo(
        cause="The request could not be accepted as it is.",
        hint="Change what is named here and send it again; sending it unchanged gives the same answer.",
        offers=(offers.DROP_FALLBACKS, offers.SWITCH_MODEL),
        quotes=True,
        exit_code=EXIT_REJECTED,
    ),
    "context_too_long": KindInfo(
        cause="The conversation is longer than {model} can read at once.",
        hint="Shorten it{size}, let OpenRouter leave out its middle, or choose a model with a larger context.",
        link=about.MODELS_PAGE,
        offers=(offers.COMPRESS, offers.DROP_LIMIT, offers.SWITCH_MODEL, offers.MODELS),
        exit_code=EXIT_REJECTED,
    ),
    "payload_too_large": KindInfo(
        cause="The request is too large to be sent.",
        hint="Attach fewer or smaller files, or link to images instead of attaching them.",
        exit_code=EXIT_REJECTED,
    ),
}

_LIMITS: Mapping[Kind, KindInfo] = {
    "free_quota": KindInfo(
        cause="This account's free requests for today are used up; other free models and other keys share the count.",
        hint="They start anew {reset}. Until then use a paid model; ten credits, once bought, raise the daily count.",
        link=about.CREDITS_PAGE,
        offers=(offers.DROP_FREE, offers.SWITCH_MODEL, offers.RETRY, offers.CREDITS),
        exit_code=EXIT_NO_MONEY,
    ),
    "rate_limited": KindInfo(
        cause="Too many requests in a short time.",
        hint="Try again {wait}, and send less at a time.",
        offers=(offers.RETRY, offers.FALL_BACK, offers.SWITCH_MODEL, offers.INTEGRATIONS),
        retryable=True,
        quotes=True,
        exit_code=EXIT_NO_MONEY,
    ),
    "capacity": KindInfo(
        cause="Every provider of {model} is at capacity.",
        hint="Try again {wait}, or let another model answer.",
        link=about.MODELS_PAGE,
        offers=(offers.RETRY, offers.FALL_BACK, offers.SWITCH_MODEL),
        retryable=True,
        exit_code=EXIT_NO_MONEY,
    ),
}

REFUSALS: Mapping[Kind, KindInfo] = {**_MODEL, **_KEY, **_MONEY, **_CONTENT, **_LIMITS}
