"""Tokenizers behind one small surface: characters for the built-in arithmetic, Hugging Face for everything else."""

import datetime
import functools
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from kpo_jax.weights import gguf

Messages = Sequence[Mapping[str, str]]  # {"role": "system", "user" or "assistant", "content": text} each
# The day for chat templates that write it, as prompts must not depend on that of the start. Llama's fall back on this.
TODAY = datetime.datetime(2024, 7, 26)
_CODES = [f"%{dash}{code}" for dash in ("", "-") for code in "aAbBdHIjmMpSyY"]
_CALENDAR = (  # in front of a template; its line break is its own, as transformers has templates trim blocks
    "{% macro strftime_now(format) %}{{ format"
    + "".join(f"|replace('{code}', '{TODAY.strftime(code)}')" for code in _CODES)
    + " }}{% endmacro %}\n"
)
_MARK = "\ufdd0"  # no character, for use inside a program alone: in a text it keeps what follows from being a token


class Tokenizer(Protocol):
    """What the rest of the package asks of a tokenizer.

    Attributes:
      vocab_size: embedding rows a model must have for these ids.
      eos_ids: every id that ends a response, at least one.
      pad_id: id that fills padding; what it is does not matter, padding is never attended.
      start_ids: what the tokenizer puts before a text of its own accord, a begin-of-text token or nothing. A chat
        template writes its own.
      special: ids of the special tokens that a text can spell, by their spelling.
    """

    vocab_size: int
    eos_ids: tuple[int, ...]
    pad_id: int
    start_ids: tuple[int, ...]
    special: Mapping[str, int]

    def encode(self, text: str) -> list[int]:
        """Ids of the text; nothing is added at either end. A special token that is spelled in the text is that token,
        unless `literal` made it text.
        """

    def literal(self, text: str) -> str:
        """The text in such a form that `encode` finds no special token in it, nor one that it makes up together with
        its neighbours.
        """

    def decode(self, ids: Iterable[int]) -> str:
        """Text of the ids. Special tokens are left out, and so are ids that a model's padded embedding alone has;
        decoding does not stop at an end token.
        """

    def apply_chat_template(self, messages: Messages, enable_thinking: bool = False) -> str:
        """The text that asks the model to answer the last of the messages.

        Raises ValueError without a chat template, or when the template refuses the messages.
        """

    def save(self, directory: str) -> None:
        """Write the files from which transformers.AutoTokenizer loads it, where there are such files."""


class CharTokenizer:
    """One id per character of a fixed alphabet of 62, after <pad> = 0 and <eos> = 1."""

    ALPHABET = "0123456789+-*/=?:.,;()<>[]{}^%$!\\ \nAabcdefghijklmnopqrstuvwxyz"

    def __init__(self):
        self._special = ("<pad>", "<eos>")
        self._id = {char: index for index, char in enumerate(self.ALPHABET, start=len(self._special))}
        self._chars = {index: char for char, index in self._id.items()}
        self.pad_id = 0
        self.eos_ids = (1,)
        self.start_ids = ()
        self.special = {}
        self.vocab_size = len(self._special) + len(self.ALPHABET)

    def encode(self, text: str) -> list[int]:
        try:
            return [self._id[char] for char in text]
        except KeyError as error:
            raise ValueError(
                f"the char tokenizer has no symbol for {error.args[0]!r}; legal are {self.ALPHABET!r}"
            ) from None

    def literal(self, text: str) -> str:
        """The text: no text spells a special token."""
        return text

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self._chars.get(int(index), "") for index in ids)

    def apply_chat_template(self, messages: Messages, enable_thinking: bool = False) -> str:
        raise ValueError(
            "the char tokenizer has no chat template; it takes neither rows of chat messages nor data.template=chat"
        )

    def save(self, directory: str) -> None:
        """Nothing: the alphabet is no file, and transformers has no such tokenizer."""


class HFTokenizer:
    """A Hugging Face tokenizer with the ids that end a response; `num_rows` is how many embedding rows its model
    has, 0 where nothing says so.

    Gemma 3's text models have no row for the images' token of their tokenizer. Such a special token is none of the
    model's, and `encode` raises ValueError where a template spells it.
    """

    def __init__(self, tokenizer, eos_ids: tuple[int, ...], num_rows: int = 0):
        self._tokenizer = tokenizer
        self.eos_ids = eos_ids
        pad_id = tokenizer.pad_token_id
        self.pad_id = eos_ids[0] if pad_id is None else pad_id
        self.start_ids = _start_ids(tokenizer)
        special = [token for token in tokenizer.added_tokens_decoder.values() if token.special and token.content]
        self._ids = {token.content: tokenizer.convert_tokens_to_ids(token.content) for token in special}
        self._rowless = {index for index in self._ids.values() if index >= num_rows > 0 and index not in eos_ids}
        # models pad their embedding, but never below what can be emitted; ids may have gaps
        known = {*tokenizer.get_vocab().values(), *eos_ids} - self._rowless
        self.vocab_size = max(num_rows, 1 + max(known))
        longest_first = sorted(special, key=lambda token: len(token.content), reverse=True)
        self._spelled = _one_of(re.escape(token.content) for token in longest_first)
        self._borders = _one_of(map(_border, longest_first))
        self._beginnings = {text[:end] for text in self._ids for end in range(1, len(text))}
        self._endings = {text[start:] for text in self._ids for start in range(1, len(text))}

    @property
    def special(self) -> Mapping[str, int]:
        return self._ids

    def encode(self, text: str) -> list[int]:
        ids = self._encode(text)
        if not self._rowless.isdisjoint(ids):
            found = next(token for token, index in self._ids.items() if index in self._rowless.intersection(ids))
            name = self._tokenizer.name_or_path
            raise ValueError(f"the token {found!r} of tokenizer {name!r} is none of its model's")
        return ids

    def _encode(self, text: str) -> list[int]:
        if _MARK not in text:
            return self._tokenizer.encode(text, add_special_tokens=False)
        ids, start = [], 0
        for token in self._borders.finditer(text):  # in these places the tokenizer cuts a text, too
            ids += [*self._encode_literal(text[start : token.start()], start == 0), self._ids[token[token.lastindex]]]
            start = token.end()
        return ids + self._encode_literal(text[start:], start == 0)

    def _encode_literal(self, text: str, first: bool) -> list[int]:
        """Ids of a piece of a text, in which no special token is; whether it is the first piece."""
        text = text.replace(_MARK, "")
        if not first and self._within is not None:
            return self._within.encode(text, add_special_tokens=False).ids
        return self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True) if text else []

    @functools.cached_property
    def _within(self):
        """What encodes a piece behind the first one where a tokenizer puts a space before a text, and before its first
        piece alone; None elsewhere.
        """
        import tokenizers

        whole = json.loads(self._tokenizer.backend_tokenizer.to_str()) if self._tokenizer.is_fast else {}
        steps = whole.get("pre_tokenizer") or {}
        first = [step for step in steps.get("pretokenizers", [steps]) if step.get("prepend_scheme") == "first"]
        if not first:
            return None
        for step in first:
            step["prepend_scheme"] = "never"
        within = tokenizers.Tokenizer.from_str(json.dumps(whole))
        within.encode_special_tokens = True
        return within

    def literal(self, text: str) -> str:
        text = self._spelled.sub(lambda token: token[0][0] + _MARK + token[0][1:], text.replace(_MARK, "\ufffd"))
        longest = max(map(len, self._ids), default=0)
        begins = any(text[:size] in self._endings for size in range(1, longest))
        ends = any(text[-size:] in self._beginnings for size in range(1, longest))
        return _MARK * begins + text + _MARK * ends

    def decode(self, ids: Iterable[int]) -> str:
        return self._tokenizer.decode(
            [int(index) for index in ids], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )

    def apply_chat_template(self, messages: Messages, enable_thinking: bool = False) -> str:
        import jinja2

        name = self._tokenizer.name_or_path
        if self._tokenizer.chat_template is None:
            raise ValueError(
                f"tokenizer {name!r} has no chat template; "
                "it takes neither rows of chat messages nor data.template=chat"
            )
        template = self._tokenizer.get_chat_template()
        try:
            return self._tokenizer.apply_chat_template(
                list(messages),
                chat_template=_CALENDAR * ("strftime_now" in template) + template,
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=enable_thinking,
            )
        except jinja2.TemplateError as error:  # many templates refuse a system message, or roles out of turn
            roles = ", ".join(message["role"] for message in messages)
            raise ValueError(f"the chat template of {name!r} refuses messages of roles {roles}: {error}") from None
        except Exception as error:  # a template may add a number to a text, and the like
            message = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise ValueError(f"the chat template of {name!r} fails: {message}") from error

    def save(self, directory: str) -> None:
        self._tokenizer.save_pretrained(directory)


def _one_of(patterns: Iterable[str]) -> re.Pattern:
    """Matches what one of the patterns does, and nothing if there are none."""
    return re.compile("|".join(patterns) or r"(?!)")


def _border(token) -> str:
    """A pattern for a special token with the white space that it swallows; the token is its group."""
    before, after = (r"\s*" if swallows else "" for swallows in (token.lstrip, token.rstrip))
    return f"{before}({re.escape(token.content)}){after}"


def load_tokenizer(spec: str, revision: str | None = None) -> Tokenizer:
    """The tokenizer `spec` names: "char", a .gguf file, a directory, or a hub id; `revision` is for the hub.

    Remote code is never run. Raises ValueError, in one line, when there is no such tokenizer.
    """
    if spec == "char":
        return CharTokenizer()
    return _from_gguf(spec) if gguf.is_gguf(spec) else _from_pretrained(spec, revision)


def is_local(spec: str) -> bool:
    """Whether the tokenizer that `spec` names is here, and not on the hub. Raises ValueError if it can be nowhere."""
    if spec == "char" or gguf.is_gguf(spec):
        return True
    _check_name(spec)
    return os.path.isdir(spec)


# ------------------------------------------------------------------------------------------------- directories, the hub


def _from_pretrained(name: str, revision: str | None) -> HFTokenizer:
    import transformers

    _check_name(name)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
    except Exception as error:  # transformers raises OSError, ValueError, KeyError, ImportError, ... for bad input
        message = " ".join(str(error).split())[:300]
        raise ValueError(f"cannot load tokenizer {name!r}: {message or type(error).__name__}") from error
    documents = {file: _read_json(name, file, revision) for file in ("generation_config.json", "config.json")}
    num_rows = documents["config.json"].get("vocab_size")
    return HFTokenizer(tokenizer, _end_ids(tokenizer, documents), num_rows if isinstance(num_rows, int) else 0)


def _end_ids(tokenizer, documents: Mapping[str, Mapping[str, Any]]) -> tuple[int, ...]:
    """Every id that ends a text by one of the files (Qwen3 has two) or by the chat template; the tokenizer's own where
    the files say nothing.

    A base model that comes with a chat template is told to end a text with one token and a turn with another.
    """
    found = []
    for file, fields in documents.items():
        said = fields.get("eos_token_id")
        ids = [] if said is None else said if isinstance(said, list) else [said]
        if not all(type(index) is int for index in ids):
            raise ValueError(
                f"tokenizer {tokenizer.name_or_path!r}: eos_token_id is {said!r} in {file}; it must be an integer or a "
                "list of them"
            )
        found += ids
    if not found and tokenizer.eos_token_id is not None:
        found = [tokenizer.eos_token_id]
    found += _closing_ids(tokenizer)
    if not found:
        raise ValueError(
            f"tokenizer {tokenizer.name_or_path!r}: eos_token_id is None; put an integer or a list in "
            "generation_config.json"
        )
    return tuple(dict.fromkeys(found))


def _closing_ids(tokenizer) -> list[int]:
    """The token with which the chat template closes an answer; none where there is no template, or no such token."""
    if tokenizer.chat_template is None:
        return []
    answer = "Four."
    turns = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": answer}]
    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False)
    except Exception:  # a template may refuse such turns, and a broken one raises anything
        return []
    after = text.rpartition(answer)[2].lstrip()
    tokens = {token: index for token, index in tokenizer.get_added_vocab().items() if token and after.startswith(token)}
    return [tokens[max(tokens, key=len)]] if tokens else []


def _start_ids(tokenizer) -> tuple[int, ...]:
    """What the tokenizer puts before a text by default; what it puts after one would end a prompt."""
    with_all, bare = tokenizer.encode("a"), tokenizer.encode("a", add_special_tokens=False)
    places = range(len(with_all) - len(bare) + 1)
    return tuple(with_all[: next((n for n in places if with_all[n : n + len(bare)] == bare), 0)])


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
            value = json.load(file)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path}: a JSON {type(value).__name__}; expected an object")
    return value


# ----------------------------------------------------------------------------------------------------------- GGUF files

# tokenizer.ggml.token_type: control tokens are left out of decoded text, user-defined ones are not.
_CONTROL, _USER_DEFINED = 3, 4


def _smollm_words():
    """SmolLM's split of a text into words: digits one by one, else GPT-2's."""
    from tokenizers import pre_tokenizers

    digits, words = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    return pre_tokenizers.Sequence([digits, words])


_GGUF_WORDS = {"smollm": _smollm_words}  # by tokenizer.ggml.pre


_GGUF_ENDS = ("eos_token_id", "eot_token_id", "eom_token_id")


def _check_fields(path: str, own: Mapping[str, Any], template: Any) -> None:
    """Raises ValueError, one line, if a field of a GGUF file's tokenizer is of another kind than it should be."""
    tokens, merges, kinds = own["tokens"], own["merges"], own["token_type"]
    texts = lambda value: isinstance(value, list) and all(isinstance(text, str) for text in value)
    is_id = lambda value: type(value) is int and 0 <= value < len(tokens)
    if not (texts(tokens) and texts(merges) and all(" " in merge for merge in merges)):
        raise ValueError(f"{path}: tokenizer.ggml.tokens or merges are no lists of texts, or a merge is no pair")
    if not (isinstance(kinds, list) and len(kinds) == len(tokens)):
        raise ValueError(f"{path}: tokenizer.ggml.token_type does not have one entry for each of {len(tokens)} tokens")
    needed = ["bos_token_id"] if own.get("add_bos_token") else []
    for key in (*needed, *_GGUF_ENDS, "padding_token_id"):
        if (key in own or key in needed) and not is_id(own.get(key)):
            raise ValueError(f"{path}: tokenizer.ggml.{key} is {own.get(key)!r}, no id of {len(tokens)} tokens")
    if not isinstance(template, str | None):
        raise ValueError(f"{path}: tokenizer.chat_template is a {type(template).__name__}, not text")


def _from_gguf(path: str) -> HFTokenizer:
    """The byte-level BPE in a GGUF file's header, with its chat template; the ends of text are its eos, eot and eom ids
    and what the template closes a turn with.
    """
    import tokenizers
    import transformers

    fields = gguf.metadata(path)
    own = {
        key.removeprefix("tokenizer.ggml."): value for key, value in fields.items() if key.startswith("tokenizer.ggml.")
    }
    for key, legal in (("model", ["gpt2"]), ("pre", list(_GGUF_WORDS))):
        if own.get(key) not in legal:
            raise ValueError(
                f"{path}: tokenizer.ggml.{key} {own.get(key)!r} is not supported; legal are {', '.join(legal)}"
            )
    if missing := {"tokens", "merges", "token_type", "eos_token_id"} - set(own):
        raise ValueError(f"{path}: the file has no tokenizer.ggml.{min(missing)}")
    _check_fields(path, own, fields.get("tokenizer.chat_template"))
    tokens = own["tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in own["merges"]]
    try:
        bpe = tokenizers.Tokenizer(tokenizers.models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    except Exception as error:  # tokenizers raises Exception itself
        raise ValueError(f"{path}: tokenizer.ggml.merges do not fit the tokens: {error}") from error
    bpe.pre_tokenizer = _GGUF_WORDS[own["pre"]]()
    bpe.decoder = tokenizers.decoders.ByteLevel()
    added = {
        kind: [t for t, k in zip(tokens, own["token_type"], strict=True) if k == kind]
        for kind in (_CONTROL, _USER_DEFINED)
    }
    bpe.add_special_tokens([tokenizers.AddedToken(token, normalized=False, special=True) for token in added[_CONTROL]])
    bpe.add_tokens([tokenizers.AddedToken(token, normalized=False) for token in added[_USER_DEFINED]])
    if own.get("add_bos_token"):
        start = (tokens[own["bos_token_id"]], own["bos_token_id"])
        bpe.post_processor = tokenizers.processors.TemplateProcessing(single=[start[0], "$A"], special_tokens=[start])
    ends = [own[key] for key in _GGUF_ENDS if key in own]
    pad = own.get("padding_token_id", ends[0])
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=tokens[ends[0]],
        pad_token=tokens[pad],
        chat_template=fields.get("tokenizer.chat_template"),
        name_or_path=path,
    )
    return HFTokenizer(tokenizer, tuple(dict.fromkeys([*ends, *_closing_ids(tokenizer)])))
