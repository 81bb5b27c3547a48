"""The families of decoders: what all models of one have in common, said once.

The decoder, the decode step, the loader and the exporter read these descriptions; a new family is a new entry, as long
as its parts are among those that `Family` can name. What differs between models of one family is in `ModelConfig`.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Family:
    """One family.

    Attributes:
      architecture, model_type: its names in Hugging Face's config.json.
      before_attention, after_attention, before_mlp, after_mlp: a layer's RMS norms by their names in the files, ""
        where it has none. Those before a part stand on its input, those after it on what it adds to the stream.
      norm_offset: what is added to the weights of norms, of queries' and keys', too.
      qk_norm: "head", queries and keys are normalised head by head; "token", all heads of a token together; "", not.
      qkv_bias: biases on the query, key and value projections.
      activation: of the MLP's gate, by Hugging Face's name, one of layers.ACTIVATIONS.
      activation_key: where config.json says it.
      scaled_embedding: embeddings are multiplied by sqrt(hidden_size).
      experts: the MLP is a mixture of experts, each with a gate.
      fused: tensors in the files that hold several of our projections, one after the other, as (tensor, projections).
      keys: what config.json calls a field of ModelConfig, where it is not the name in KEYS.
      pattern_keys: which keys of config.json say what layers see, of sliding_window, layer_types and no_rope_layers.
      partial_rotary: of a head's features some may turn and some not.
      rope_by_layer: rope_parameters in config.json are those of layers with a window and of the others, apart.
      fixed: what config.json must say, where it says it, and is written to say.
      gguf: the architecture's name in GGUF files, "" where those are not read.
      gguf_interleaved: rotary pairs are neighbours in those files.
    """

    architecture: str
    model_type: str
    before_attention: str = "input_layernorm"
    after_attention: str = ""
    before_mlp: str = "post_attention_layernorm"
    after_mlp: str = ""
    norm_offset: float = 0.0
    qk_norm: str = ""
    qkv_bias: bool = False
    activation: str = "silu"
    activation_key: str = "hidden_act"
    scaled_embedding: bool = False
    experts: bool = False
    fused: tuple[tuple[str, tuple[str, ...]], ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    pattern_keys: tuple[str, ...] = ()
    partial_rotary: bool = False
    rope_by_layer: bool = False
    fixed: tuple[tuple[str, object], ...] = (("attention_bias", False), ("mlp_bias", False))
    gguf: str = ""
    gguf_interleaved: bool = False

    @property
    def norms(self) -> tuple[str, ...]:
        """The names of a layer's norms over the residual stream."""
        places = (self.before_attention, self.after_attention, self.before_mlp, self.after_mlp)
        return tuple(name for name in places if name)


# field of ModelConfig -> key of config.json
KEYS = {
    "vocab_size": "vocab_size",
    "hidden_size": "hidden_size",
    "intermediate_size": "intermediate_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "num_kv_heads": "num_key_value_heads",
    "head_dim": "head_dim",
    "norm_eps": "rms_norm_eps",
    "tie_embeddings": "tie_word_embeddings",
}

_WINDOWED = ("sliding_window", "layer_types")

_LLAMA = Family("LlamaForCausalLM", "llama", gguf="llama", gguf_interleaved=True)
_QWEN3 = Family("Qwen3ForCausalLM", "qwen3", qk_norm="head", pattern_keys=_WINDOWED, gguf="qwen3")
# norms on what a part adds, none on what it reads
_OLMO2 = Family(
    "Olmo2ForCausalLM",
    "olmo2",
    before_attention="",
    after_attention="post_attention_layernorm",
    before_mlp="",
    after_mlp="post_feedforward_layernorm",
    qk_norm="token",
)

FAMILIES = {
    "qwen3": _QWEN3,
    "qwen2": Family("Qwen2ForCausalLM", "qwen2", qkv_bias=True, pattern_keys=_WINDOWED, gguf="qwen2"),
    "llama": _LLAMA,
    "mistral": Family("MistralForCausalLM", "mistral", pattern_keys=("sliding_window",)),
    "ministral": Family("MinistralForCausalLM", "ministral", pattern_keys=_WINDOWED),
    "smollm3": Family("SmolLM3ForCausalLM", "smollm3", pattern_keys=(*_WINDOWED, "no_rope_layers")),
    "olmo2": _OLMO2,
    "olmo3": dataclasses.replace(
        _OLMO2,
        architecture="Olmo3ForCausalLM",
        model_type="olmo3",
        pattern_keys=_WINDOWED,
        rope_by_layer=True,
    ),
    "phi3": Family(
        "Phi3ForCausalLM",
        "phi3",
        pattern_keys=("sliding_window",),
        partial_rotary=True,
        fused=(
            ("self_attn.qkv_proj", ("q_proj", "k_proj", "v_proj")),
            ("mlp.gate_up_proj", ("gate_proj", "up_proj")),
        ),
    ),
    "gemma3": Family(
        "Gemma3ForCausalLM",
        "gemma3_text",
        after_attention="post_attention_layernorm",
        before_mlp="pre_feedforward_layernorm",
        after_mlp="post_feedforward_layernorm",
        norm_offset=1.0,
        qk_norm="head",
        activation="gelu_pytorch_tanh",
        activation_key="hidden_activation",
        scaled_embedding=True,
        pattern_keys=_WINDOWED,
        rope_by_layer=True,
        fixed=(
            ("attention_bias", False),
            ("attn_logit_softcapping", None),
            ("final_logit_softcapping", None),
            ("use_bidirectional_attention", False),
        ),
    ),
    "qwen3_moe": dataclasses.replace(
        _QWEN3,
        architecture="Qwen3MoeForCausalLM",
        model_type="qwen3_moe",
        experts=True,
        pattern_keys=("sliding_window",),
        keys=(
            ("intermediate_size", "moe_intermediate_size"),
            ("num_experts", "num_experts"),
            ("experts_per_token", "num_experts_per_tok"),
        ),
        fixed=(
            ("attention_bias", False),
            ("norm_topk_prob", True),
            ("decoder_sparse_step", 1),
            ("mlp_only_layers", []),
        ),
        gguf="",
    ),
}
