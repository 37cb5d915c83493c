"""The request parameters that have a control of their own in the panel; everything else stands in its raw JSON box.

Which ones, and their help, follow the field guide §2. Options and ranges are the documented ones: a value beyond them
is sent all the same, from the raw box or with a remark, since OpenRouter knows the model and this table does not.
"""

from chit.core.parameter_field import Field, Group, Kind
from chit.core.params import PARAMETERS

WEB_SEARCH = "openrouter:web_search"
"""OpenRouter's own tool. The plugin `web` would search once before every reply, but is deprecated (guide §2.8)."""


def _top(name: str, label: str, kind: Kind, chip: str, **members: object) -> Field:
    about = f"{PARAMETERS[name][:1].upper()}{PARAMETERS[name][1:]}."
    given = {"about": about, "path": (name,), **members}
    return Field(name=name, label=label, kind=kind, chip=chip, **given)  # type: ignore[arg-type] # members of Field


def _provider(name: str, label: str, kind: Kind, chip: str, about: str, **members: object) -> Field:
    path = ("provider", *name.split("."))
    return Field(name=f"provider.{name}", label=label, kind=kind, path=path, chip=chip, about=about, **members)  # type: ignore[arg-type] # members of Field


def _search(name: str, label: str, kind: Kind, about: str, **members: object) -> Field:
    path = ("tools", WEB_SEARCH, "parameters", name)
    return Field(name=f"web_search.{name}", label=label, kind=kind, path=path, about=about, **members)  # type: ignore[arg-type] # members of Field


_EFFORTS = ("max", "xhigh", "high", "medium", "low", "minimal", "none")
_FORMAT = "response_format"

GROUPS: tuple[Group, ...] = (
    Group(
        name="reply",
        title="Reply",
        fields=(
            _top("temperature", "Temperature", "number", "temperature {}", low=0, high=2),
            _top("max_completion_tokens", "Max tokens", "integer", "max {} tokens", low=1),
            _top(
                "stop",
                "Stop at",
                "lines",
                "stop: {}",
                about="Up to four texts, one a line; the reply ends before them.",
            ),
            _top(
                "seed",
                "Seed",
                "integer",
                "seed {}",
                about="A whole number; repeats replies where it can, no guarantee.",
            ),
            _top(
                "verbosity", "Verbosity", "choice", "verbosity: {}", options=("low", "medium", "high", "xhigh", "max")
            ),
        ),
    ),
    Group(
        name="reasoning",
        title="Reasoning",
        about="Thoughts are billed as part of the reply, shown or not.",
        fields=(
            Field(
                name="reasoning.effort",
                label="Effort",
                kind="choice",
                path=("reasoning", "effort"),
                options=_EFFORTS,
                about="How much of the reply's tokens may go into thinking.",
                chip="reasoning: {}",
            ),
            Field(
                name="reasoning.max_tokens",
                label="Budget in tokens",
                kind="integer",
                path=("reasoning", "max_tokens"),
                low=1024,
                high=128_000,
                about="Instead of an effort. Max tokens must be larger.",
                chip="reasoning: {} tokens",
            ),
            Field(
                name="reasoning.exclude",
                label="Leave the thoughts out of the reply",
                kind="flag",
                path=("reasoning", "exclude"),
                chip="thoughts left out",
                off="thoughts shown",
            ),
        ),
    ),
    Group(
        name="format",
        title="Response format",
        about="Not every provider keeps to a schema; the reply is checked here, too.",
        fields=(
            Field(
                name=_FORMAT,
                label="Format",
                kind="choice",
                path=(_FORMAT, "type"),
                options=("text", "json_object", "json_schema"),
                about="With json_object, ask for JSON in your message as well.",
                chip="format: {}",
            ),
            Field(
                name=f"{_FORMAT}.name",
                label="Name of the schema",
                kind="text",
                path=(_FORMAT, "json_schema", "name"),
                about="Up to 64 letters, digits, - and _.",
            ),
            Field(
                name=f"{_FORMAT}.schema",
                label="JSON schema",
                kind="json",
                path=(_FORMAT, "json_schema", "schema"),
                about="Draft 2020-12.",
            ),
            Field(
                name=f"{_FORMAT}.strict",
                label="Strict",
                kind="flag",
                path=(_FORMAT, "json_schema", "strict"),
                about="Whether the provider shall enforce it.",
            ),
        ),
    ),
    Group(
        name="routing",
        title="Provider routing",
        about="Who may serve the request. Names as on a model's page, with commas: anthropic, google-vertex.",
        fields=(
            _provider("only", "Only", "words", "only: {}", "No others; 404 if none of them can."),
            _provider("order", "In this order", "words", "order: {}", "These first."),
            _provider("ignore", "Never", "words", "not: {}", "Added to those your account ignores."),
            _provider(
                "sort",
                "Sort by",
                "choice",
                "sort: {}",
                "Instead of balancing load.",
                options=("price", "throughput", "latency", "exacto"),
            ),
            _provider(
                "allow_fallbacks",
                "Fall back to others",
                "flag",
                "fallbacks",
                "No: the first choice or an error.",
                off="no fallbacks",
            ),
            _provider(
                "data_collection",
                "Data collection",
                "choice",
                "data collection: {}",
                "deny: only providers that neither store nor train.",
                options=("deny", "allow"),
            ),
            _provider(
                "zdr",
                "Zero data retention",
                "flag",
                "ZDR",
                "It can only tighten: no does not lift what your account asks for. Web search is not covered.",
                off="ZDR: no",
            ),
            _provider(
                "require_parameters",
                "Only with every parameter",
                "flag",
                "all parameters required",
                "Counts every parameter that is sent, harmless ones too.",
                off="parameters may be ignored",
            ),
            _provider(
                "quantizations",
                "Quantizations",
                "words",
                "quantizations: {}",
                "int4 int8 fp4 mxfp4 nvfp4 fp6 fp8 mxfp8 fp16 bf16 fp32 unknown",
            ),
            _provider(
                "max_price.prompt",
                "Max price of the prompt",
                "number",
                "prompt ≤ ${}/M",
                "US dollars per million tokens; 404 if nothing fits.",
                low=0,
            ),
            _provider(
                "max_price.completion",
                "Max price of the reply",
                "number",
                "reply ≤ ${}/M",
                "US dollars per million tokens.",
                low=0,
            ),
            _provider("max_price.request", "Max price of a request", "number", "request ≤ ${}", "US dollars.", low=0),
        ),
    ),
    Group(
        name="search",
        title="Web search",
        about="The model may search while it answers, several times if it likes. Each search is billed on top, with "
        "free models too: at the provider's price, or Exa's, some $0.02 for five results. The receipt tells it.",
        fields=(
            Field(
                name="web_search",
                label="Web search",
                kind="entry",
                path=("tools", WEB_SEARCH),
                options=("on",),
                about="OpenRouter's tool; the model needs to know tools.",
                chip="web search",
            ),
            _search(
                "engine",
                "Engine",
                "choice",
                "auto: the provider's own, else Exa.",
                options=("auto", "native", "exa", "firecrawl", "parallel", "perplexity"),
            ),
            _search("max_results", "Results of each search", "integer", "", low=1),
            _search("max_total_results", "Results in all", "integer", "A cap on what one reply costs.", low=1),
            _search("allowed_domains", "Only these sites", "words", "example.com, docs.python.org"),
            _search("excluded_domains", "Never these sites", "words", ""),
        ),
    ),
    Group(
        name="plugins",
        title="Plugins",
        about="Yours at openrouter.ai/settings/plugins hold where nothing is said here.",
        fields=(
            Field(
                name="context_compression",
                label="Context compression",
                kind="entry",
                path=("plugins", "context-compression"),
                options=("on", "off"),
                about="Cuts from the middle what does not fit. On by itself only for endpoints of up to 8,192 tokens.",
                chip="context compression",
                off="no context compression",
            ),
            Field(
                name="file_parser.engine",
                label="PDF engine",
                kind="choice",
                path=("plugins", "file-parser", "pdf", "engine"),
                options=("native", "cloudflare-ai", "mistral-ocr"),
                about="Left open: native, else mistral-ocr at $2 per 1,000 pages.",
                chip="PDF: {}",
            ),
            Field(
                name="response_healing",
                label="Response healing",
                kind="entry",
                path=("plugins", "response-healing"),
                options=("on", "off"),
                about="Mends broken JSON, but only of replies that do not stream, and those of these pages do.",
                chip="response healing",
                off="no response healing",
            ),
        ),
    ),
    Group(
        name="service",
        title="Service",
        fields=(
            _top(
                "service_tier",
                "Service tier",
                "choice",
                "tier: {}",
                options=("auto", "default", "fast", "flex", "priority", "scale"),
                about="priority is faster and dearer; flex is cheaper, and fails where there is no capacity.",
            ),
        ),
    ),
)
FIELDS: tuple[Field, ...] = tuple(field for group in GROUPS for field in group.fields)
UNITS: tuple[str, ...] = tuple(dict.fromkeys(field.unit for field in FIELDS))


def find_field(name: str) -> Field | None:
    """The field of that name."""
    return _BY_NAME.get(name)


def belongs_to(name: str, group: str) -> bool:
    """Whether a field is `group`, or says more about it: `response_format.name` about `response_format`."""
    return name == group or name.startswith(f"{group}.")


_BY_NAME = {field.name: field for field in FIELDS}
