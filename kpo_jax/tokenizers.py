"""Tokenizers behind one small surface: characters for the built-in arithmetic, Hugging Face for everything else."""

import json
import os
from collections.abc import Iterable
from typing import Any, Protocol


class Tokenizer(Protocol):
    """What the rest of the package asks of a tokenizer.

    Attributes:
      vocab_size: embedding rows a model must have for these ids.
      eos_ids: every id that ends a response, at least one.
      pad_id: id that fills padding; what it is does not matter, padding is never attended.
    """

    vocab_size: int
    eos_ids: tuple[int, ...]
    pad_id: int

    def encode(self, text: str) -> list[int]:
        """Ids of the text; nothing is added at either end."""

    def decode(self, ids: Iterable[int]) -> str:
        """Text of the ids. Special tokens are left out; decoding does not stop at an end token."""

    def apply_chat_template(self, content: str, enable_thinking: bool = False) -> str:
        """The text that asks the model to answer one user message. Raises ValueError without a chat template."""


class CharTokenizer:
    """One id per character of a fixed alphabet of 62, after <pad> = 0 and <eos> = 1."""

    ALPHABET = "0123456789+-*/=?:.,;()<>[]{}^%$!\\ \nAabcdefghijklmnopqrstuvwxyz"

    def __init__(self):
        self._special = ("<pad>", "<eos>")
        self._id = {char: index for index, char in enumerate(self.ALPHABET, start=len(self._special))}
        self.pad_id = 0
        self.eos_ids = (1,)
        self.vocab_size = len(self._special) + len(self.ALPHABET)

    def encode(self, text: str) -> list[int]:
        try:
            return [self._id[char] for char in text]
        except KeyError as error:
            raise ValueError(
                f"the char tokenizer has no symbol for {error.args[0]!r}; legal are {self.ALPHABET!r}"
            ) from None

    def decode(self, ids: Iterable[int]) -> str:
        chars = []
        for index in map(int, ids):
            if not 0 <= index < self.vocab_size:
                raise ValueError(f"the char tokenizer has no id {index}; legal are 0 to {self.vocab_size - 1}")
            if index >= len(self._special):
                chars.append(self.ALPHABET[index - len(self._special)])
        return "".join(chars)

    def apply_chat_template(self, content: str, enable_thinking: bool = False) -> str:
        raise ValueError("the char tokenizer has no chat template; use template 'plain'")


class HFTokenizer:
    """A Hugging Face tokenizer from a local directory or the hub; remote code is never run.

    `eos_ids` is the end-of-text set of generation_config.json where there is one (Qwen3 has two), else the
    tokenizer's own. `vocab_size` is that of config.json where there is one (models pad their embedding), but never
    less than what the tokenizer can emit. Raises ValueError, in one line, when there is no such tokenizer.
    """

    def __init__(self, name: str, revision: str | None = None):
        import transformers

        _check_name(name)
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(
                name, revision=revision, trust_remote_code=False
            )
        except Exception as error:  # transformers raises OSError, ValueError, KeyError, ImportError, ... for bad input
            message = " ".join(str(error).split())[:300]
            raise ValueError(f"cannot load tokenizer {name!r}: {message or type(error).__name__}") from error
        self.eos_ids = self._read_eos_ids(name, revision)
        pad_id = self._tokenizer.pad_token_id
        self.pad_id = self.eos_ids[0] if pad_id is None else pad_id
        num_rows = _read_json(name, "config.json", revision).get("vocab_size")
        self.vocab_size = max(len(self._tokenizer), num_rows if isinstance(num_rows, int) else 0)

    def _read_eos_ids(self, name: str, revision: str | None) -> tuple[int, ...]:
        eos = _read_json(name, "generation_config.json", revision).get("eos_token_id")
        if eos is None:
            eos = self._tokenizer.eos_token_id
        eos_ids = tuple(dict.fromkeys(eos if isinstance(eos, list) else [eos]))
        if not eos_ids or not all(isinstance(index, int) for index in eos_ids):
            raise ValueError(
                f"tokenizer {name!r}: eos_token_id is {eos!r}; put an integer or a list in generation_config.json"
            )
        return eos_ids

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def decode(self, ids: Iterable[int]) -> str:
        return self._tokenizer.decode(
            [int(index) for index in ids], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )

    def apply_chat_template(self, content: str, enable_thinking: bool = False) -> str:
        if self._tokenizer.chat_template is None:
            raise ValueError(f"tokenizer {self._tokenizer.name_or_path!r} has no chat template; use another template")
        return self._tokenizer.apply_chat_template(
            [{"role": "user", "content": content}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=enable_thinking,
        )


def load_tokenizer(spec: str, revision: str | None = None) -> Tokenizer:
    """The tokenizer `spec` names: "char", a directory, or a hub id; `revision` is for the hub."""
    return CharTokenizer() if spec == "char" else HFTokenizer(spec, revision)


def _check_name(name: str) -> None:
    """Refuses what is neither a tokenizer's directory nor a well-formed hub id before the network is asked."""
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    if os.path.isdir(name):
        if not any(os.path.isfile(os.path.join(name, file)) for file in ("tokenizer.json", "tokenizer_config.json")):
            raise ValueError(f"tokenizer {name!r}: the directory has neither tokenizer.json nor tokenizer_config.json")
        return
    try:
        validate_repo_id(name)
    except HFValidationError:
        raise ValueError(f"tokenizer {name!r}: no such directory, and not a hub id like Qwen/Qwen3-4B") from None


def _read_json(name: str, filename: str, revision: str | None) -> dict[str, Any]:
    """A JSON file that lies beside the tokenizer, {} where there is none."""
    from transformers.utils import cached_file

    path = cached_file(
        name,
        filename,
        revision=revision,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    if path is None:
        return {}
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}: not JSON ({error})") from None
