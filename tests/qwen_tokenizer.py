"""Builds the Qwen3 tokenizer without the hub, as a directory that `transformers.AutoTokenizer` loads.

    python tests/qwen_tokenizer.py OUT_DIR [--cache DIR]

PyPI's `dashscope` package carries Qwen's byte-pair ranks (qwen.tiktoken: one base64 token and its rank per line). A
merge is recovered by splitting a token with the lower ranks alone, which leaves the two pieces that were merged.
"""

import argparse
import base64
import importlib.util
import itertools
import json
import subprocess
import sys
import zipfile
from pathlib import Path

RANKS = "dashscope/resources/qwen.tiktoken"
NUM_RANKS = 151_643
NUM_TOKENS = 151_669

# In order from id 151643 on. The second group is text to the decoder, not special.
SPECIAL = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
]  # fmt: skip
NOT_SPECIAL = [
    "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>",
    "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>",
]  # fmt: skip

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# ChatML; with thinking off the assistant's turn starts with an empty thought.
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and not enable_thinking %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{%- endif %}"
)


class Unavailable(Exception):
    """The ranks are neither installed nor to be had from the package index."""


def read_ranks(cache_dir: Path) -> dict[bytes, int]:
    """Token -> rank, from an installed dashscope, else from its wheel in `cache_dir`, downloaded there if need be."""
    spec = importlib.util.find_spec("dashscope")
    if spec is not None:
        text = (Path(spec.origin).parent / "resources" / "qwen.tiktoken").read_bytes()
    else:
        with zipfile.ZipFile(_wheel(cache_dir)) as wheel:
            text = wheel.read(RANKS)
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in text.splitlines())}
    if sorted(ranks.values()) != list(range(NUM_RANKS)):
        raise ValueError(f"{RANKS}: {len(ranks)} ranks; expected 0 to {NUM_RANKS - 1}, each once")
    return ranks


def _wheel(cache_dir: Path) -> Path:
    wheels = sorted(cache_dir.glob("dashscope-*.whl"))
    failure = ""
    # An environment made by uv has no pip of its own, but then there is one on the path, or uv's.
    for pip in ([sys.executable, "-m", "pip"], ["pip"]):
        if wheels:
            break
        options = ["--no-deps", "--quiet", "--retries", "1", "--timeout", "10", "--dest", str(cache_dir)]
        command = [*pip, "download", "dashscope", *options]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            failure = done.stderr.strip()
        except (OSError, subprocess.TimeoutExpired) as error:
            failure = str(error)
        wheels = sorted(cache_dir.glob("dashscope-*.whl"))
    if not wheels:
        raise Unavailable(f"no dashscope wheel: {(failure or 'pip said nothing').splitlines()[-1]}")
    return wheels[-1]


def merges_from_ranks(ranks: dict[bytes, int]) -> list[tuple[bytes, bytes]]:
    """The merge that made each token of two bytes or more, in order of rank."""
    return [
        _split(token, rank, ranks) for token, rank in sorted(ranks.items(), key=lambda item: item[1]) if len(token) > 1
    ]


def _split(token: bytes, limit: int, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The last two pieces of byte-pair encoding `token` with the ranks below `limit`."""
    pieces = [token[i : i + 1] for i in range(len(token))]
    while len(pieces) > 2:
        pair_ranks = [ranks.get(a + b, limit) for a, b in itertools.pairwise(pieces)]
        best = min(range(len(pair_ranks)), key=pair_ranks.__getitem__)
        if pair_ranks[best] >= limit:
            raise ValueError(f"token {token!r} of rank {limit} cannot be made from lower ranks")
        pieces[best : best + 2] = [pieces[best] + pieces[best + 1]]
    return pieces[0], pieces[1]


def byte_symbols() -> dict[int, str]:
    """The printable character that stands for each byte in a byte-level vocabulary (GPT-2's table)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def build(out_dir: Path, cache_dir: Path) -> Path:
    """Writes the tokenizer's directory and returns it. Raises Unavailable when the ranks cannot be had."""
    ranks = read_ranks(cache_dir)
    symbols = byte_symbols()

    def spelled(token: bytes) -> str:
        return "".join(symbols[byte] for byte in token)

    added = [
        {
            "id": NUM_RANKS + offset,
            "content": content,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": content in SPECIAL,
        }
        for offset, content in enumerate(SPECIAL + NOT_SPECIAL)
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    tokenizer = {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False},
                byte_level,
            ],
        },
        "post_processor": byte_level,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "vocab": {spelled(token): rank for token, rank in ranks.items()},
            "merges": [[spelled(left), spelled(right)] for left, right in merges_from_ranks(ranks)],
        },
    }
    tokenizer_config = {
        "tokenizer_class": "Qwen2Tokenizer",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "bos_token": None,
        "unk_token": None,
        "add_prefix_space": False,
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 131_072,
        "chat_template": CHAT_TEMPLATE,
    }
    generation_config = {"eos_token_id": [151_645, 151_643], "pad_token_id": 151_643}
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", tokenizer_config),
        ("generation_config.json", generation_config),
    ):
        (out_dir / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return out_dir


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--cache", type=Path, help="where the downloaded wheel lies; default OUT_DIR/cache")
    arguments = parser.parse_args()
    print(build(arguments.out_dir, arguments.cache or arguments.out_dir / "cache"))
