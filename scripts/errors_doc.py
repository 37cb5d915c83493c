"""Write docs/errors.md from the code; with --check, only tell whether it is current."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from chit import errors
from chit.cli.exits import exit_code
from chit.core.guidance import RULES
from chit.core.guidance_info import KindInfo
from chit.core.guidance_kinds import KINDS
from chit.core.guidance_names import fill
from chit.core.guidance_rules import Rule
from chit.core.guidance_sign_in import ADVICE
from chit.errors import ChitError

DOCUMENT = Path(__file__).parent.parent / "docs" / "errors.md"

INTRODUCTION = """\
# Errors

<!-- written by scripts/errors_doc.py: `make docs` -->

Every error says what happened, what to do about it, and where. The command line prints that as one line on standard
error and ends with an exit code; `--json` prints an `error` object with the members `kind`, `message`, `hint`, `link`,
`actions`, `status`, `code`, `provider`, `retryable`, `retry_after` and `raw`; the library has the same as attributes of
the exception. `kind` is a stable word for programs. `retryable` says whether sending the same again, by hand, may help;
what Chit sends again by itself is at the end of this page. `raw` holds the reply as it was received.

`actions` are what a button can do: `retry`, `retry_with` (`changes` is a JSON Merge Patch of the request, but that
`plugins` are united with those it has by their `id`), `open_link`, `switch_model` (`models` are suggestions), `unlock`,
`add_key`.

| Exit code | Means |
|---|---|
| 0 | done |
| 1 | a fault nobody foresaw, Chit's own or upstream's |
| 2 | usage, input or the database on this machine |
| 3 | no usable key |
| 4 | refused as asked: change something |
| 5 | credits, limits, quotas |
| 6 | upstream, the network, or a reply that broke off |
| 7 | a reply that does not match the schema or the type that was asked for |
| 130 | stopped by Ctrl-C |
| 141 | whoever read the output has left |

## From OpenRouter, a provider or the network

Words here are general; an error names the model, the provider, the policy, the tool, the number of tokens or the time
that it is about. A kind is chosen by typed codes first (`error_type`, `availability`, `limit_source`,
`failed_routing_step`), then by HTTP's status, then by families of wording.
"""

RETRIES = """\
## What is sent again by itself

A completion that may have been billed is never sent again silently. The first row that holds decides, and a reply that
carries a generation id always counts as billed. Every repetition is shown, with its number, the wait and the cause.

| What happened | Sent again |
|---|---|
| nothing was sent: DNS, the connection or TLS failed | up to three times |
| a refusal that OpenRouter itself calls not retryable | no |
| 429 or 503 with OpenRouter's JSON error and no generation id | up to three times, after any `Retry-After` |
| the same for the free requests of the day | no: they start anew at 00:00 UTC |
| 402 because running requests have reserved the credits | once, after `Retry-After` |
| 502 that names a data policy or a guardrail | no: a setting has to change |
| any other 400, 401, 402, 403, 404, 412, 413, 422 | no: it would be refused again |
| any other 502 with a JSON error, before the first token, without tools or plugins | once |
| a bare 500, 504, 52x or 408, a page instead of JSON, silence or a reset after sending | no: it may have run |
| an error, a cut or silence after a generation id was seen | no: what came is kept, and what it cost is looked up |

Waits are 1, 4 and 10 seconds, each with up to half as much again by chance, unless OpenRouter names one; one of more
than two minutes is not waited out, but told.
"""


def write_kind(kind: str, info: KindInfo) -> Iterator[str]:
    """The section of one kind: its own words, then the cases that have others."""
    cause, hint = info.describe()
    yield f"### `{kind}`\n\n{cause}\n\n- What to do: {hint}\n"
    yield f"- Page: {write_page(info.link)}\n"
    yield f"- Actions: {', '.join(info.labels) or 'none'}\n"
    yield f"- Retryable: {'yes' if info.retryable else 'no'}. Exit code: {info.exit_code}.\n"
    cases = list(dict.fromkeys(write_case(rule, info) for rule in RULES if rule.kind == kind))
    cases = [case for case in cases if case]
    if cases:
        yield "\n| Special case | What to do | Differs in |\n|---|---|---|\n"
        yield from cases
    yield "\n"


def write_case(rule: Rule, info: KindInfo) -> str:
    """One row for a rule that says something else than its kind; empty if it only offers less."""
    if not (rule.cause or rule.hint):
        return ""
    differs = []
    if rule.link and rule.link != info.link:
        differs.append(f"page: {write_page(rule.link)}")
    if rule.offers is not None:
        differs.append(f"actions: {', '.join(offer.label for offer in rule.offers) or 'none'}")
    if rule.retryable is not None and rule.retryable != info.retryable:
        differs.append(f"retryable: {'yes' if rule.retryable else 'no'}")
    cause, hint = fill(rule.cause or info.cause), fill(rule.hint or info.hint)
    return f"| {cause} | {hint} | {'; '.join(differs) or '–'} |\n"


def write_page(url: str | None) -> str:
    """A link, named by its address without the scheme."""
    return f"[{url.removeprefix('https://')}]({url})" if url else "none"


def write_local() -> Iterator[str]:
    """Errors that begin on this machine, and those of a sign-in."""
    yield "## From this machine\n\n| Kind | Means | Exit code |\n|---|---|---|\n"
    for name, error in vars(errors).items():
        if isinstance(error, type) and issubclass(error, ChitError) and name not in ("ChitError", "UpstreamError"):
            about = re.sub(r" \([^()]*§[^()]*\)", "", " ".join((error.__doc__ or "").split()))
            yield f"| `{error.kind}` | {about} | {exit_code(ChitError('', kind=error.kind))} |\n"
    yield "\n## From a sign-in\n\n| Kind | Cause | What to do | Retryable | Exit code |\n|---|---|---|---|---|\n"
    for advice in ADVICE:
        cause = advice.message.replace(" (HTTP {status})", "")
        code = exit_code(ChitError("", kind=advice.kind))
        yield f"| `{advice.kind}` | {cause} | {advice.hint} | {'yes' if advice.retryable else 'no'} | {code} |\n"
    yield "\n"


def write_document() -> str:
    """The whole of docs/errors.md."""
    kinds = "".join(part for kind, info in KINDS.items() for part in write_kind(kind, info))
    return f"{INTRODUCTION}\n{kinds}{''.join(write_local())}{RETRIES}"


def main() -> int:
    """0 if the document is current, or is now."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    current = write_document()
    if text == current:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write("docs/errors.md is not current: make docs\n")
        return 1
    DOCUMENT.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
