"""Kinds of failures that are no answers: a provider, OpenRouter or the network failed, or who knows what."""

from collections.abc import Mapping

from chit import about
from chit.core import guidance_offers as offers
from chit.core.guidance_info import EXIT_NO_KEY, EXIT_OTHER, EXIT_UPSTREAM, Kind, KindInfo

_UPSTREAM: Mapping[Kind, KindInfo] = {
    "provider_failed": KindInfo(
        cause="{provider} failed to answer for {model}.",
        hint="Try again {wait}, or choose another model or provider.",
        link=about.STATUS_PAGE,
        offers=(offers.RETRY, offers.SWITCH_MODEL, offers.INTEGRATIONS, offers.STATUS),
        retryable=True,
        quotes=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "provider_overloaded": KindInfo(
        cause="{provider} is overloaded.",
        hint="Try again {wait}, when it has caught up, or let another model stand in.",
        link=about.STATUS_PAGE,
        offers=(offers.RETRY, offers.FALL_BACK, offers.SWITCH_MODEL, offers.STATUS),
        retryable=True,
        quotes=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "upstream_timeout": KindInfo(
        cause="No answer came in time.",
        hint="Try again {wait}, ask for a shorter answer, or choose a faster model.",
        link=about.STATUS_PAGE,
        offers=(offers.RETRY, offers.SWITCH_MODEL, offers.ACTIVITY, offers.STATUS),
        retryable=True,
        quotes=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "upstream_error": KindInfo(
        cause="OpenRouter failed while handling the request.",
        hint="Try again {wait}; OpenRouter's status page tells of outages.",
        link=about.STATUS_PAGE,
        offers=(offers.RETRY, offers.ACTIVITY, offers.STATUS),
        retryable=True,
        quotes=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "bad_gateway_page": KindInfo(
        cause="Something between you and OpenRouter answered with a web page{status_note}.",
        hint="Try again {wait}. If it keeps happening, a proxy or firewall may stand in the way.",
        link=about.STATUS_PAGE,
        offers=(offers.RETRY, offers.ACTIVITY, offers.STATUS),
        retryable=True,
        exit_code=EXIT_UPSTREAM,
    ),
}

_STREAM: Mapping[Kind, KindInfo] = {
    "stream_error": KindInfo(
        cause="{source} failed in the middle of the reply.",
        hint="Try again from the start of the reply, or choose another model or provider.",
        link=about.STATUS_PAGE,
        offers=(offers.RETRY, offers.SWITCH_MODEL, offers.STATUS),
        retryable=True,
        quotes=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "stream_cut": KindInfo(
        cause="The connection broke in the middle of the reply.",
        hint="Try again; if it keeps breaking, check your network or ask for shorter replies.",
        offers=(offers.RETRY, offers.STATUS),
        retryable=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "empty_completion": KindInfo(
        cause="{model} ended its reply without saying anything.",
        hint="Try again, or choose another model. OpenRouter does not charge for tokens of an empty reply.",
        offers=(offers.RETRY, offers.SWITCH_MODEL, offers.ACTIVITY),
        retryable=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "stalled": KindInfo(
        cause="Nothing more arrived for so long that the connection was given up.",
        hint="Try again, or choose a faster model; a network or proxy that cuts quiet connections shows itself so too.",
        link=about.STATUS_PAGE,
        offers=(offers.RETRY, offers.SWITCH_MODEL, offers.ACTIVITY, offers.STATUS),
        retryable=True,
        exit_code=EXIT_UPSTREAM,
    ),
}

_NETWORK: Mapping[Kind, KindInfo] = {
    "offline": KindInfo(
        cause="OpenRouter could not be reached; nothing was sent.",
        hint="Check your network, then try again.",
        offers=(offers.RETRY, offers.STATUS),
        retryable=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "tls": KindInfo(
        cause="No secure connection to OpenRouter could be made{tls_note}; nothing was sent.",
        hint="Check this computer's clock, and whether a proxy or virus scanner reads encrypted traffic; its "
        "certificate must then be trusted by the system.",
        offers=(offers.RETRY,),
        retryable=True,
        exit_code=EXIT_UPSTREAM,
    ),
    "unexpected_reply": KindInfo(
        cause="What came back is not an answer of OpenRouter's{status_note}.",
        hint="Check the base URL in the preferences and whether a proxy or a log-in page of your network stands in the "
        "way, then try again.",
        offers=(offers.RETRY, offers.STATUS),
        retryable=True,
        exit_code=EXIT_UPSTREAM,
    ),
}

_REST: Mapping[Kind, KindInfo] = {
    "locked": KindInfo(
        cause="The OpenRouter key is locked away; nothing was sent.",
        hint="Unlock it with your passphrase.",
        offers=(offers.UNLOCK,),
        exit_code=EXIT_NO_KEY,
    ),
    "unknown": KindInfo(
        cause="{source} reported an error that is new to this version{status_note}.",
        hint="The details show all that was said. Try again, or look at OpenRouter's status.",
        link=about.STATUS_PAGE,
        offers=(offers.RETRY, offers.SWITCH_MODEL, offers.OTHER_KEY, offers.PREFERENCES, offers.STATUS),
        quotes=True,
        exit_code=EXIT_OTHER,
    ),
}

FAILURES: Mapping[Kind, KindInfo] = {**_UPSTREAM, **_STREAM, **_NETWORK, **_REST}
