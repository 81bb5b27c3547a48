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
MODELS = {
    # 4 heads x 16 = 64, not hidden_size.
    "qwen3_tied": ("Qwen3", {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
                             "rope_theta": 1e6, "rms_norm_eps": 1e-6, "tie_word_embeddings": True}),
    "qwen3_untied": ("Qwen3", {"hidden_size": 24, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 8,
                               "rope_theta": 1e6, "rms_norm_eps": 1e-6, "tie_word_embeddings": False}),
    "qwen2": ("Qwen2", {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2,
                        "rope_theta": 1e6, "rms_norm_eps": 1e-6, "tie_word_embeddings": True}),
    "llama": ("Llama", {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 1,
                        "rope_theta": 1e4, "rms_norm_eps": 1e-5, "tie_word_embeddings": False}),
}  # fmt: skip


def make_golden(name, seed=0):
    """One model's golden as a dict of arrays; see the module's docstring."""
    import torch
    import transformers

    family, sizes = MODELS[name]
    rope = {"rope_type": "default", "rope_theta": sizes["rope_theta"]}
    sizes = {key: value for key, value in sizes.items() if key != "rope_theta"}
    config = getattr(transformers, f"{family}Config")(**SIZES, **sizes, rope_parameters=rope)
    config._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = getattr(transformers, f"{family}ForCausalLM")(config).float().eval()
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
    for key, weight in model.named_parameters():
        arrays[f"weight/{key}"], arrays[f"grad/{key}"] = weight, weight.grad
    arrays = {key: value.detach().numpy() for key, value in arrays.items()}
    arrays = {key: value.astype(np.int32) if value.dtype == np.int64 else value for key, value in arrays.items()}
    return arrays | {"temperature": np.float32(TEMPERATURE), "config": np.array(json.dumps(config.to_dict()))}


if __name__ == "__main__":
    for name in MODELS:
        np.savez_compressed(pathlib.Path(__file__).parent / f"{name}.npz", **make_golden(name))
