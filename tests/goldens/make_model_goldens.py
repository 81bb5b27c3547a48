"""Makes the model goldens beside this file: tiny random models run by transformers in PyTorch.

In an environment of its own, with the CPU wheel of torch:

    pip install torch==2.13.0 transformers==5.23.0 "numpy<2.5"
    python tests/goldens/make_model_goldens.py

Each NAME.npz holds `config` (config.json as text), `weight/...` and `grad/...` under Hugging Face's names (gradients of
the summed log-probability of the response tokens at `temperature`), and the arrays
    tokens [B, S], prompt_length [B], length [B]    ragged rows, right-padded with junk
    logits [B, S, V]                                valid where the column is below `length`
    log_prob [B, T]                                 of response tokens, 0 beyond `length`
    greedy [B, 8]                                   the greedy continuation of each row's prompt
"""

import json
import pathlib

import numpy as np

TEMPERATURE = 0.7
SIZES = {"vocab_size": 97, "num_hidden_layers": 2, "intermediate_size": 40, "max_position_embeddings": 64}
ROPE = {"rope_type": "default", "rope_theta": 1e4}
QWEN_ROPE = ROPE | {"rope_theta": 1e6}
# each family, with what its Hugging Face configuration says
MODELS = {
    # 4 heads x 16 = 64, not hidden_size.
    "qwen3_tied": ("Qwen3", {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
                             "rms_norm_eps": 1e-6, "tie_word_embeddings": True, "rope_parameters": QWEN_ROPE}),
    "qwen3_untied": ("Qwen3", {"hidden_size": 24, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 8,
                               "rms_norm_eps": 1e-6, "tie_word_embeddings": False, "rope_parameters": QWEN_ROPE}),
    "qwen2": ("Qwen2", {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2,
                        "rms_norm_eps": 1e-6, "tie_word_embeddings": True, "rope_parameters": QWEN_ROPE}),
    "llama": ("Llama", {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 1,
                        "rms_norm_eps": 1e-5, "tie_word_embeddings": False, "rope_parameters": ROPE}),
}  # fmt: skip
# Smaller ones of the other families. Windows of 4 hide something of 14 tokens; every scaling keeps some frequencies,
# divides some, and blends some.
SMALL = {"vocab_size": 53, "hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 4,
         "num_key_value_heads": 2, "tie_word_embeddings": False, "rms_norm_eps": 1e-5}  # fmt: skip
WIDE = SMALL | {"head_dim": 8}  # where head_dim is a choice
LLAMA3 = ROPE | {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                 "original_max_position_embeddings": 32}  # fmt: skip
YARN = ROPE | {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 256}
LONG = ROPE | {"rope_type": "longrope", "partial_rotary_factor": 0.75, "short_factor": [1.0, 1.5, 3.0],
               "long_factor": [1.0, 2.0, 6.0], "original_max_position_embeddings": 32}  # fmt: skip
LINEAR = QWEN_ROPE | {"rope_type": "linear", "factor": 8.0}
HALF_LOCAL = {"sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]}
EXPERTS = {"moe_intermediate_size": 24, "num_experts": 5, "num_experts_per_tok": 2, "norm_topk_prob": True}


def by_layer(local, others):
    return {"sliding_attention": local, "full_attention": others}


FAMILIES = {
    "llama3": ("Llama", WIDE | {"tie_word_embeddings": True, "rope_parameters": LLAMA3}),
    "qwen3_yarn": ("Qwen3", WIDE | {"rope_parameters": YARN}),
    "mistral": ("Mistral", WIDE | {"sliding_window": None, "rope_parameters": ROPE}),
    "mistral_window": ("Mistral", WIDE | {"sliding_window": 4, "rope_parameters": ROPE}),
    "ministral": ("Ministral", WIDE | HALF_LOCAL | {"rope_parameters": ROPE}),
    "olmo2": ("Olmo2", SMALL | {"hidden_size": 32, "rope_parameters": ROPE}),
    "olmo3": ("Olmo3", SMALL | HALF_LOCAL | {"hidden_size": 32, "rope_parameters": by_layer(ROPE, YARN)}),
    "smollm3": ("SmolLM3", SMALL | {"hidden_size": 32, "no_rope_layers": [1, 0], "tie_word_embeddings": True,
                                    "rope_parameters": ROPE}),
    "qwen3_moe": ("Qwen3Moe", WIDE | EXPERTS | {"rope_parameters": ROPE}),
    "phi3": ("Phi3", SMALL | {"hidden_size": 32, "tie_word_embeddings": True, "rope_parameters": LONG,
                              "original_max_position_embeddings": 32}),  # 6 of 8 features turn
    "gemma3": ("Gemma3Text", WIDE | HALF_LOCAL | {"query_pre_attn_scalar": 8, "tie_word_embeddings": True,
                                                  "rope_parameters": by_layer(ROPE, LINEAR)}),
}  # fmt: skip
CAUSAL_LM = {"Gemma3Text": "Gemma3ForCausalLM"}  # where the names of the classes differ


def in_files(tensors):
    """Tensors under the names of the files on the hub: those of experts are one each there."""
    out = {}
    for name, value in tensors.items():
        if not name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            out[name] = value
            continue
        base, _, kind = name.rpartition(".")
        for number, expert in enumerate(value):
            if kind == "down_proj":
                out[f"{base}.{number}.down_proj.weight"] = expert
            else:
                out[f"{base}.{number}.gate_proj.weight"], out[f"{base}.{number}.up_proj.weight"] = expert.chunk(2)
    return out


def make_golden(name, seed=0):
    """One model's golden as a dict of arrays; see the module's docstring."""
    import torch
    import transformers

    family, sizes = (MODELS | FAMILIES)[name]
    ids = {"pad_token_id": None, "bos_token_id": None, "eos_token_id": None}  # some defaults are beyond the vocabulary
    config = getattr(transformers, f"{family}Config")(**SIZES | sizes | ids)
    config._attn_implementation = "eager"
    model_class = CAUSAL_LM.get(family, f"{family}ForCausalLM")
    config.architectures = [model_class]
    torch.manual_seed(seed)
    model = getattr(transformers, model_class)(config).float().eval()
    with torch.no_grad():  # larger than the usual initialisation, norms and biases too, so that every weight matters
        for key, weight in model.named_parameters():
            weight.normal_(1.0 if "norm" in key else 0.0, 0.3 if weight.ndim == 1 else 1.5 * weight.shape[-1] ** -0.5)

    prompt_length, length = torch.tensor([5, 1, 8]), torch.tensor([13, 9, 10])
    tokens = torch.randint(config.vocab_size, (3, 14))
    column = torch.arange(tokens.shape[1])[None, :]
    logits = model(tokens, attention_mask=(column < length[:, None]).long()).logits

    num_response = int((length - prompt_length).max())
    target = prompt_length[:, None] + torch.arange(num_response)[None, :]
    log_softmax = torch.log_softmax(logits / TEMPERATURE, dim=-1)
    row = torch.arange(3)[:, None]
    source, target_clipped = (target - 1).clamp(max=13), target.clamp(max=13)
    log_prob = log_softmax[row, source, tokens[row, target_clipped]] * (target < length[:, None])
    log_prob.sum().backward()

    greedy = []
    for prompt, n in zip(tokens, prompt_length.tolist(), strict=True):
        text = prompt[None, :n]
        with torch.no_grad():
            for _ in range(8):
                text = torch.cat([text, model(text).logits[:, -1:].argmax(-1)], dim=1)
        greedy.append(text[0, n:])

    arrays = {"tokens": tokens, "prompt_length": prompt_length, "length": length, "logits": logits,
              "log_prob": log_prob, "greedy": torch.stack(greedy)}  # fmt: skip
    parameters = dict(model.named_parameters())
    arrays |= {f"weight/{key}": value for key, value in in_files(parameters).items()}
    arrays |= {f"grad/{key}": value for key, value in in_files({k: v.grad for k, v in parameters.items()}).items()}
    arrays = {key: value.detach().numpy() for key, value in arrays.items()}
    arrays = {key: value.astype(np.int32) if value.dtype == np.int64 else value for key, value in arrays.items()}
    return arrays | {"temperature": np.float32(TEMPERATURE), "config": np.array(json.dumps(config.to_dict()))}


if __name__ == "__main__":
    for name in MODELS | FAMILIES:
        np.savez_compressed(pathlib.Path(__file__).parent / f"{name}.npz", **make_golden(name))
