"""A small catalogue of realistic models: ids, prices, and the providers that serve each (field guide §7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chit.sandbox.pricing import FREE, Price

_PARAMETERS = (
    "frequency_penalty",
    "include_reasoning",
    "max_tokens",
    "presence_penalty",
    "reasoning",
    "response_format",
    "seed",
    "stop",
    "structured_outputs",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One provider's offer of one model."""

    provider: str
    price: Price
    trains: bool = False
    """Whether prompts may be stored or trained on: refused when the account's data policy is `deny`."""
    quantization: str | None = None

    @property
    def tag(self) -> str:
        """The provider's slug, as used in `provider.order`."""
        return self.provider.lower().replace(" ", "-")

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing."""
        return self.price == FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of the catalogue."""

    id: str
    name: str
    endpoints: tuple[Endpoint, ...]
    canonical_slug: str = ""
    """The dated id that replies carry; empty means the id itself."""
    context_length: int = 131_072
    max_completion_tokens: int = 16_384
    native_stop: str = "stop"
    """The provider's own word for a natural end."""
    reasons: bool = False
    """Whether it thinks without being asked."""
    outputs: tuple[str, ...] = ("text",)
    description: str = ""
    created: int = 1_760_000_000
    alias_of: str | None = None

    @property
    def embeds(self) -> bool:
        """Whether it makes embeddings, and no words."""
        return "embeddings" in self.outputs

    @property
    def answered_id(self) -> str:
        """The model id a reply carries."""
        return self.canonical_slug or self.id

    def as_dict(self) -> dict[str, Any]:
        """The row of `GET /models`."""
        return {
            "id": self.id,
            "canonical_slug": self.answered_id,
            "hugging_face_id": None,
            "name": self.name,
            "created": self.created,
            "description": self.description,
            "context_length": self.context_length,
            "architecture": self._architecture(),
            "pricing": self.endpoints[0].price.as_dict(),
            "top_provider": {
                "context_length": self.context_length,
                "max_completion_tokens": self.max_completion_tokens,
                "is_moderated": False,
            },
            "per_request_limits": None,
            "supported_parameters": list(_PARAMETERS),
            "default_parameters": None,
            "supported_voices": None,
            "knowledge_cutoff": None,
            "expiration_date": None,
            "links": {"details": f"/api/v1/models/{self.id}/endpoints"},
        }

    def endpoints_as_dict(self) -> dict[str, Any]:
        """The `data` object of `GET /models/{author}/{slug}/endpoints`."""
        return {
            "id": self.id,
            "name": self.name,
            "created": self.created,
            "description": self.description,
            "architecture": self._architecture(),
            "endpoints": [self._endpoint_as_dict(endpoint) for endpoint in self.endpoints],
        }

    def _architecture(self) -> dict[str, Any]:
        return {
            "modality": f"text+image->{'+'.join(self.outputs)}",
            "input_modalities": ["text", "image"],
            "output_modalities": list(self.outputs),
            "tokenizer": "Other",
            "instruct_type": None,
        }

    def _endpoint_as_dict(self, endpoint: Endpoint) -> dict[str, Any]:
        return {
            "name": f"{endpoint.provider} | {self.answered_id}",
            "model_id": self.id,
            "model_name": self.name,
            "provider_name": endpoint.provider,
            "tag": endpoint.tag,
            "context_length": self.context_length,
            "max_completion_tokens": self.max_completion_tokens,
            "max_prompt_tokens": None,
            "quantization": endpoint.quantization,
            "pricing": endpoint.price.as_dict(),
            "supported_parameters": list(_PARAMETERS),
            "supports_implicit_caching": endpoint.price.cache_read is not None,
            "status": 0,
            "uptime_last_5m": 100,
            "uptime_last_30m": 99.9,
            "uptime_last_1d": 99.8,
            "latency_last_30m": {"p50": 610, "p75": 820, "p90": 1240, "p99": 3100},
            "throughput_last_30m": {"p50": 61, "p75": 74, "p90": 88, "p99": 121},
        }


def list_providers(models: Iterable[Model]) -> list[dict[str, Any]]:
    """The `data` array of `GET /providers`: every provider of these models once, by name."""
    tags = {endpoint.provider: endpoint.tag for model in models for endpoint in model.endpoints}
    return [
        {
            "name": name,
            "slug": tag,
            "privacy_policy_url": f"https://{tag}.example/privacy",
            "terms_of_service_url": f"https://{tag}.example/terms",
            "status_page_url": None,
            "headquarters": "US",
            "datacenters": ["US"],
        }
        for name, tag in sorted(tags.items())
    ]


def _offers(price: Price, *providers: str, **flags: Any) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(provider=provider, price=price, **flags) for provider in providers)


_SONNET = _offers(Price.of("0.000003", "0.000015", "0.0000003"), "Anthropic", "Amazon Bedrock", "Google")
_LLAMA = "meta-llama/llama-3.3-70b-instruct"

_EMBEDDING = Model(
    id="openai/text-embedding-3-small",
    name="OpenAI: Text Embedding 3 Small",
    endpoints=_offers(Price.of("0.00000002", "0"), "OpenAI", "Azure"),
    context_length=8_192,
    outputs=("embeddings",),
)

_ROWS = (
    Model(
        id="openai/gpt-5-mini",
        name="OpenAI: GPT-5 Mini",
        canonical_slug="openai/gpt-5-mini-2025-08-07",
        endpoints=_offers(Price.of("0.00000025", "0.000002", "0.000000025"), "OpenAI", "Azure"),
        context_length=400_000,
        max_completion_tokens=128_000,
        native_stop="completed",
    ),
    Model(
        id="openai/gpt-4o-mini",
        name="OpenAI: GPT-4o-mini",
        endpoints=_offers(Price.of("0.00000015", "0.0000006", "0.000000075"), "OpenAI", "Azure"),
    ),
    Model(
        id="anthropic/claude-sonnet-4.5",
        name="Anthropic: Claude Sonnet 4.5",
        canonical_slug="anthropic/claude-4.5-sonnet-20250929",
        endpoints=_SONNET,
        context_length=1_000_000,
        max_completion_tokens=64_000,
        native_stop="end_turn",
    ),
    Model(
        id="~anthropic/claude-sonnet-latest",
        name="Anthropic: Claude Sonnet (latest)",
        canonical_slug="anthropic/claude-4.5-sonnet-20250929",
        endpoints=_SONNET,
        context_length=1_000_000,
        max_completion_tokens=64_000,
        native_stop="end_turn",
        alias_of="anthropic/claude-sonnet-4.5",
    ),
    Model(
        id="anthropic/claude-haiku-4.5",
        name="Anthropic: Claude Haiku 4.5",
        canonical_slug="anthropic/claude-4.5-haiku-20251001",
        endpoints=_offers(Price.of("0.000001", "0.000005", "0.0000001"), "Anthropic", "Amazon Bedrock", "Google"),
        context_length=200_000,
        max_completion_tokens=64_000,
        native_stop="end_turn",
    ),
    Model(
        id="google/gemini-2.5-flash",
        name="Google: Gemini 2.5 Flash",
        endpoints=_offers(Price.of("0.0000003", "0.0000025", "0.00000003"), "Google", "Google AI Studio"),
        context_length=1_048_576,
        max_completion_tokens=65_536,
        native_stop="STOP",
    ),
    Model(
        id="deepseek/deepseek-chat",
        name="DeepSeek: DeepSeek V3",
        endpoints=_offers(Price.of("0.0000002574", "0.0000010287"), "DeepInfra", "Novita", quantization="fp8"),
    ),
    Model(
        id="deepseek/deepseek-r1-0528",
        name="DeepSeek: R1 0528",
        endpoints=_offers(Price.of("0.0000005", "0.00000215"), "DeepInfra", "Novita", quantization="fp8"),
        reasons=True,
    ),
    Model(
        id=_LLAMA,
        name="Meta: Llama 3.3 70B Instruct",
        endpoints=_offers(Price.of("0.00000013", "0.00000038"), "DeepInfra", "Groq", "Together"),
    ),
    Model(
        id=f"{_LLAMA}:free",
        name="Meta: Llama 3.3 70B Instruct (free)",
        endpoints=_offers(FREE, "Venice", trains=True),
    ),
    Model(
        id="openai/gpt-oss-20b:free",
        name="OpenAI: gpt-oss-20b (free)",
        endpoints=_offers(FREE, "OpenInference", trains=True),
    ),
    _EMBEDDING,
)

CATALOGUE: Mapping[str, Model] = {row.id: row for row in _ROWS}
"""The models by id, magic ones not included."""

SANDBOX_ENDPOINTS = _offers(Price.of("0.0000004", "0.0000016", "0.00000004"), "Sandbox", "Sandbox Two")
"""Who serves the `sandbox/…` models, and for how much."""
