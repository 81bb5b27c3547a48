"""config.json of a Hugging Face directory as a ModelConfig, and back."""

from __future__ import annotations

import json
import math
import os
from typing import Any

from kpo_jax.checks import is_number, is_whole
from kpo_jax.model.config import ModelConfig, RopeScaling
from kpo_jax.model.families import FAMILIES, KEYS, Family
from kpo_jax.weights.huggingface_files import one_line, read_json

_MAX_LAYERS = 10_000
_GLOBAL, _LOCAL = "full_attention", "sliding_attention"
# RopeScaling's field -> transformers' key, by kind
_SCALING_KEYS = {
    "linear": {"factor": "factor"},
    "llama3": {
        "factor": "factor",
        "original_length": "original_max_position_embeddings",
        "slow_turns": "low_freq_factor",
        "fast_turns": "high_freq_factor",
    },
    "yarn": {
        "factor": "factor",
        "original_length": "original_max_position_embeddings",
        "slow_turns": "beta_slow",
        "fast_turns": "beta_fast",
        "attention_factor": "attention_factor",
    },
    "longrope": {
        "original_length": "original_max_position_embeddings",
        "attention_factor": "attention_factor",
        "factors": "short_factor",
    },
}


# ------------------------------------------------------------------------------------------------------------------- in


def read_config(path: str) -> dict[str, Any]:
    """What a directory's config.json decides, by the fields of ModelConfig. Raises ValueError for what our decoder
    cannot compute.

    transformers fills the defaults of the architecture and knows every spelling of rope_theta.
    """
    import transformers

    file = os.path.join(path, "config.json")
    written = read_json(file)
    names = written.get("architectures")
    by_architecture = {family.architecture: name for name, family in FAMILIES.items()}
    if names not in [[name] for name in by_architecture]:
        raise ValueError(
            f"pretrained: {file}: architectures {one_line(str(names))} not supported; "
            f"supported are {', '.join(by_architecture)}"
        )
    name = by_architecture[names[0]]
    family = FAMILIES[name]
    if written.get("model_type") != family.model_type:
        raise ValueError(
            f"pretrained: {file}: model_type is {one_line(repr(written.get('model_type')))}, "
            f"that of {names[0]} is {family.model_type!r}"
        )
    layers = written.get("num_hidden_layers", 1)
    if not (is_whole(layers) and 1 <= layers <= _MAX_LAYERS):  # transformers makes lists of that length
        raise ValueError(
            f"pretrained: {file}: num_hidden_layers: {one_line(repr(layers))} is not a whole number "
            f"in [1, {_MAX_LAYERS}]"
        )
    try:
        loaded = transformers.AutoConfig.from_pretrained(path, trust_remote_code=False, local_files_only=True)
        loaded.standardize_rope_params()  # as models do: only now is there what stands beside rope_scaling
        config = loaded.to_dict()
    except Exception as error:  # its validation raises errors of several libraries
        raise ValueError(f"pretrained: {file}: {one_line(error)}") from error
    # a key may have two names, of which transformers keeps one
    config |= {old: config[new] for old, new in loaded.attribute_map.items() if new in config}
    config = written | config
    if reasons := _unsupported(family, config):
        raise ValueError(f"pretrained: {file}: not supported: {one_line('; '.join(reasons))}")
    fields = {field: config.get(key) for field, key in _keys(family).items()}
    fields |= {"family": name, "norm_eps": _as_float(fields["norm_eps"])}
    fields["tie_embeddings"] = bool(fields["tie_embeddings"])
    fields["head_dim"] = fields["head_dim"] or _quotient(fields["hidden_size"], fields["num_heads"])
    try:
        fields |= _layers(family, config)
        fields |= _rotary(config, "l" in fields["layer_pattern"])
        ModelConfig(**fields)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"pretrained: {file}: {one_line(error)}") from None
    return fields


def _keys(family: Family) -> dict[str, str]:
    return KEYS | dict(family.keys)


def _as_float(value: Any) -> Any:
    return float(value) if is_number(value) else value


def _quotient(width: Any, heads: Any) -> int | None:
    return width // heads if is_whole(width) and is_whole(heads) and heads else None


def _unsupported(family: Family, config: dict[str, Any]) -> list[str]:
    """What of a completed config.json our decoder does not compute, a phrase each."""
    key = family.activation_key
    reasons = [] if config.get(key) == family.activation else [f"{key} {config.get(key)!r} ({family.activation} is)"]
    for key, value in dict(FAMILIES["llama"].fixed + family.fixed).items():
        # null is not said: transformers has it for false and for no such thing
        if key in config and config[key] != value and not (config[key] is None and not value):
            reasons.append(f"{key} {json.dumps(config[key])}")
    scalar = config.get("query_pre_attn_scalar", config.get("head_dim"))
    if scalar != config.get("head_dim"):
        reasons.append(f"query_pre_attn_scalar {scalar!r} (head_dim is)")
    if config.get("quantization_config"):
        reasons.append("quantized weights (quantization_config)")
    return reasons


def _layers(family: Family, config: dict[str, Any]) -> dict[str, Any]:
    """layer_pattern and window. A window that hides nothing of the longest sequence is none."""
    number, longest = config["num_hidden_layers"], config.get("max_position_embeddings", math.inf)
    config = {key: config.get(key) for key in family.pattern_keys}
    window = config.get("sliding_window")
    kinds = config.get("layer_types") or [_LOCAL if window else _GLOBAL] * number
    if unknown := sorted({str(kind) for kind in kinds} - {_GLOBAL, _LOCAL}):
        raise ValueError(f"not supported: layer types {', '.join(unknown)}")
    if len(kinds) != number:
        raise ValueError(f"layer_types names {len(kinds)} layers, num_hidden_layers is {number}")
    rotates = config.get("no_rope_layers") or [1] * number
    if family.rope_by_layer and _LOCAL in kinds and not is_whole(window):
        raise ValueError(f"sliding_window is {window!r}, but layer_types names layers with a window")
    # where they have, a window that hides nothing still tells which layers these are
    hides = is_whole(window) and (window < longest or family.rope_by_layer)
    letters = ""
    for kind, rotated in zip(kinds, rotates, strict=True):
        if kind == _LOCAL and hides and not rotated:
            raise ValueError("not supported: a layer with a sliding window and no positions")
        letters += ("l" if kind == _LOCAL and hides else "g") if rotated else "n"
    return {"layer_pattern": _shortest(letters), "window": window if "l" in letters else 0}


def _shortest(letters: str) -> str:
    """The shortest text of which the letters are a repetition, cut off at their end."""
    lengths = range(1, len(letters) + 1)
    return next(letters[:n] for n in lengths if (letters[:n] * len(letters))[: len(letters)] == letters)


def _rotary(config: dict[str, Any], local: bool) -> dict[str, Any]:
    """rope_theta, rope_scaling, rotary_share and local_rope_theta."""
    everywhere = config.get("rope_parameters") or {}
    rope = everywhere.get(_GLOBAL, everywhere)
    kind = {"default": "none"}.get(rope.get("rope_type"), rope.get("rope_type"))
    if kind not in ("none", *_SCALING_KEYS):
        raise ValueError(f"not supported: rope scaling {json.dumps(rope)}")
    fields = {
        "rope_theta": _as_float(rope.get("rope_theta")),
        "rotary_share": _as_float(rope.get("partial_rotary_factor") or 1.0),
        "rope_scaling": RopeScaling() if kind == "none" else _scaling(kind, rope, config),
        "local_rope_theta": 0.0,
    }
    near = everywhere.get(_LOCAL, rope)
    if local and near != rope:
        if near.get("rope_type") != "default":
            raise ValueError(f"not supported: rope scaling {json.dumps(near)} in layers with a sliding window")
        fields["local_rope_theta"] = _as_float(near.get("rope_theta"))
    return fields


def _scaling(kind: str, rope: dict[str, Any], config: dict[str, Any]) -> RopeScaling:
    defaults = {"beta_slow": 1.0, "beta_fast": 32.0}
    values = {
        field: rope[key] if rope.get(key) is not None else defaults.get(key)
        for field, key in _SCALING_KEYS[kind].items()
    }
    if kind == "longrope":
        length = values["original_length"] = values["original_length"] or config["original_max_position_embeddings"]
        factor = rope.get("factor") or config["max_position_embeddings"] / length
        if values["attention_factor"] is None:
            values["attention_factor"] = max(1.0, (1 + math.log(factor) / math.log(length)) ** 0.5)
        values["factors"] = tuple(map(float, values["factors"]))
    if kind == "yarn":
        if rope.get("truncate", True) is not True:
            raise ValueError("not supported: rope scaling 'yarn' with truncate false")
        if rope.get("llama_4_scaling_beta"):
            raise ValueError("not supported: rope scaling with llama_4_scaling_beta")
        factor = values["factor"] = values["factor"] or config["max_position_embeddings"] / values["original_length"]
        if values["attention_factor"] is None:
            every, dims = rope.get("mscale"), rope.get("mscale_all_dim")
            both = every and dims
            values["attention_factor"] = _yarn(factor, every) / _yarn(factor, dims) if both else _yarn(factor, 1.0)
    return RopeScaling(kind=kind, **{field: _as_float(value) if field != "original_length" else value
                                     for field, value in values.items()})  # fmt: skip


def _yarn(factor: float, scale: float) -> float:
    return 0.1 * scale * math.log(factor) + 1.0 if factor > 1 else 1.0


# ------------------------------------------------------------------------------------------------------------------ out


def architecture_of(config: ModelConfig, max_length: int) -> dict[str, Any]:
    """config.json of a ModelConfig, for sequences of up to that many tokens."""
    family = config.description
    return {
        "architectures": [family.architecture],
        "model_type": family.model_type,
        **{key: getattr(config, field) for field, key in _keys(family).items()},
        **dict(family.fixed),
        **_pattern(config),
        **_rope(config),
        family.activation_key: family.activation,
        **({"query_pre_attn_scalar": config.head_dim} if family.scaled_embedding else {}),
        "attention_dropout": 0.0,
        "use_sliding_window": config.window > 0,
        "max_position_embeddings": max(max_length, config.window + 1),
        "use_cache": True,
        "bos_token_id": None,
        "pad_token_id": None,
    }


def _pattern(config: ModelConfig) -> dict[str, Any]:
    """What layers see. Raises ValueError where the family's config.json cannot say it."""
    letters, keys = config.layer_kinds, config.description.pattern_keys
    values = {
        "sliding_window": config.window or None,
        "layer_types": [_LOCAL if letter == "l" else _GLOBAL for letter in letters],
        "no_rope_layers": [int(letter != "n") for letter in letters],
    }
    needs = {"sliding_window"} if "l" in letters else set()
    needs |= {"no_rope_layers"} if "n" in letters else set()
    needs |= {"layer_types"} if "l" in letters and len(set(letters)) > 1 else set()
    if missing := needs - set(keys):
        raise ValueError(
            f"model.layer_pattern: no {config.family} in Hugging Face's form has {config.layer_pattern!r}: its "
            f"config.json has no {', '.join(sorted(missing))}"
        )
    return {key: values[key] for key in keys}


def _rope(config: ModelConfig) -> dict[str, Any]:
    scaling, near = config.rope_scaling, config.local_rope_theta
    rope = {"rope_type": "default", "rope_theta": config.rope_theta, "partial_rotary_factor": config.rotary_share}
    if scaling.kind != "none":
        rope["rope_type"] = scaling.kind
        rope |= {key: getattr(scaling, field) for field, key in _SCALING_KEYS[scaling.kind].items()}
    if scaling.kind == "longrope":
        rope["short_factor"] = rope["long_factor"] = list(scaling.factors)
    if config.description.rope_by_layer:
        local = rope if not near else {"rope_type": "default", "rope_theta": near}
        return {"rope_parameters": {_GLOBAL: rope, _LOCAL: local}}
    if near:
        raise ValueError(f"model.local_rope_theta: no {config.family} in Hugging Face's form has it; must be 0")
    # the first two by themselves: transformers prefers that length, and other engines read no rope_parameters
    length = {"original_max_position_embeddings": scaling.original_length} if scaling.kind == "longrope" else {}
    return length | {"rope_theta": config.rope_theta, "rope_parameters": rope}
