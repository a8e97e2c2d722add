"""The shape of a transformer, from which its work per token follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625, "int4": 0.5625}
"""Bytes per value; four-bit formats carry one scale byte per 16 values."""


class ShapeUnreadable(ValueError):
    """A config.json that this model cannot read; says which key and what to do."""


@dataclass(frozen=True)
class ModelShape:
    """Dimensions of a dense or mixture-of-experts decoder with grouped-query or latent attention."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    """Width of the feed-forward network of a dense layer."""
    vocab: int
    experts: int = 0
    experts_per_token: int = 0
    expert_intermediate: int = 0
    shared_experts: int = 0
    dense_layers: int = 0
    """Layers without experts at the start of a mixture-of-experts model."""
    kv_latent: int = 0
    """Values cached per token and layer under latent attention (MLA); 0 for grouped-query attention."""
    q_latent: int = 0
    tied: bool = False
    window: int = 0
    """Tokens that a layer with a sliding window (or with linear or selected attention) looks back."""
    window_layers: int = 0
    qk_norm: bool = False
    wide_qk_norm: bool = False
    """Whether that norm spans all heads, which takes two more all-reduces per layer."""
    biased_router: bool = False
    """Whether the router adds a correction bias and groups experts (DeepSeek's way)."""

    @property
    def kv_values(self) -> int:
        """Values cached per token and layer."""
        return self.kv_latent or 2 * self.kv_heads * self.head_dim

    @property
    def attention_width(self) -> float:
        """Mean width of query-key and value products per head; a latent's keys carry 64 rotary values more."""
        return self.head_dim + 32 if self.kv_latent else self.head_dim

    @property
    def attention_parameters(self) -> int:
        """Weights of one layer's attention."""
        width = self.heads * self.head_dim
        if not self.kv_latent:
            return self.hidden * (2 * width + 2 * self.kv_heads * self.head_dim)
        query = self.q_latent * (self.hidden + width) if self.q_latent else self.hidden * width
        return query + self.kv_latent * (self.hidden + 2 * width) + self.hidden * width

    @property
    def expert_parameters(self) -> int:
        """Weights of one expert in one layer."""
        return 3 * self.hidden * self.expert_intermediate

    @property
    def moe_layers(self) -> int:
        """Layers that have experts."""
        return self.layers - self.dense_layers if self.experts else 0

    @property
    def dense_parameters(self) -> int:
        """Weights that every token reads, without the input embedding."""
        feed = 3 * self.hidden * self.intermediate * (self.layers - self.moe_layers)
        shared = self.moe_layers * (self.shared_experts * self.expert_parameters + self.hidden * self.experts)
        return self.layers * self.attention_parameters + feed + shared + self.vocab * self.hidden

    @property
    def parameters(self) -> int:
        """All weights."""
        embedding = 0 if self.tied else self.vocab * self.hidden
        return self.dense_parameters + embedding + self.moe_layers * self.experts * self.expert_parameters

    @property
    def active_parameters(self) -> int:
        """Weights that take part in one token's arithmetic."""
        return self.dense_parameters + self.moe_layers * self.experts_per_token * self.expert_parameters

    def kv_bytes_per_token(self, kv_precision: str = "bf16") -> float:
        """Bytes of cache per token over all layers."""
        return self.layers * self.kv_values * BYTES[kv_precision]


def shape_from_config(config: Mapping[str, Any]) -> ModelShape:
    """The shape in a Hugging Face config.json; raises `ShapeUnreadable` naming every missing key."""
    text = config.get("text_config", config)
    needed = ("num_hidden_layers", "hidden_size", "num_attention_heads", "vocab_size")
    missing = [key for key in needed if not isinstance(text.get(key), int) or text[key] <= 0]
    if missing:
        keys = ", ".join(missing)
        message = f"config.json has no positive {keys}: work per token follows from them; give a decoder's config.json"
        raise ShapeUnreadable(message)
    experts = text.get("n_routed_experts") or text.get("num_local_experts") or text.get("num_experts") or 0
    width = text.get("moe_intermediate_size") or text.get("intermediate_size") or 0
    if not (text.get("intermediate_size") or width):
        message = "config.json has no intermediate_size: the feed-forward work follows from it; add it"
        raise ShapeUnreadable(message)
    chosen = text.get("num_experts_per_tok") or 0
    if experts and not chosen:
        message = "config.json has experts but no num_experts_per_tok: active weights follow from it; add it"
        raise ShapeUnreadable(message)
    heads = text["num_attention_heads"]
    latent = text.get("kv_lora_rank") or 0
    return ModelShape(
        layers=text["num_hidden_layers"],
        hidden=text["hidden_size"],
        heads=heads,
        kv_heads=text.get("num_key_value_heads") or heads,
        head_dim=text.get("v_head_dim") or text.get("head_dim") or text["hidden_size"] // heads,
        intermediate=text.get("intermediate_size") or width,
        vocab=text["vocab_size"],
        experts=experts,
        experts_per_token=chosen,
        expert_intermediate=width if experts else 0,
        shared_experts=text.get("n_shared_experts")
        or (text.get("shared_expert_intermediate_size") or 0) // (width or 1),
        dense_layers=(text.get("first_k_dense_replace") or 0) if experts else 0,
        kv_latent=latent + (text.get("qk_rope_head_dim") or 0) if latent else 0,
        q_latent=text.get("q_lora_rank") or 0,
        tied=bool(text.get("tie_word_embeddings")),
        window=_window(text)[0],
        window_layers=_window(text)[1],
        qk_norm=str(text.get("model_type", "")).startswith(("qwen3", "gemma3", "minimax")),
        wide_qk_norm=str(text.get("model_type", "")).startswith("minimax"),
        biased_router=bool(text.get("topk_method") == "noaux_tc" or text.get("use_routing_bias")),
    )


def _window(text: Mapping[str, Any]) -> tuple[int, int]:
    """Width and number of the layers that do not look at the whole context."""
    width, kinds = text.get("sliding_window") or 0, text.get("layer_types") or ()
    narrow = sum(1 for kind in kinds if kind != "full_attention")
    return (width or 64, narrow) if narrow else (0, 0)
