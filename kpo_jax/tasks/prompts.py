"""Problems as prompts: loaded, cleaned, put into a template, encoded, padded and ordered.

Everything is a pure function of the configuration, the seed and the step, so resuming needs no saved data state.
"""

import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from kpo_jax.tasks import arithmetic
from kpo_jax.tasks.problem_sets import Problem, parse_rows, read_hub, read_jsonl, read_parquet
from kpo_jax.weights.tokenizers import Tokenizer

DEFAULT_NUM_ARITHMETIC = 4096

_DAPO = (
    "Work out the problem below step by step. Finish with one line of the form Answer: $Answer, where $Answer stands "
    "for the final answer.\n\n{problem}\n\nDo not forget the last line, Answer: $Answer."
)
_MATH = "{problem}\nThink step by step and put the final answer within \\boxed{{}}."

# For models that have not been taught to follow instructions: a text to be continued, without the markers of a chat. It
# ends in "Solution:", as "Answer:" invites the bare answer, and not in white space, which belongs to the token that
# comes next. After its answer a base model likes to go on with a question of its own; sampler.stop = ("\nQuestion:",)
# ends the response there.
_BASE = "Question: {problem}\nWork step by step and put the final answer within \\boxed{{}}.\nSolution:"


class Template(NamedTuple):
    """Text around the problem, whether the tokenizer's chat template goes around that, and exchanges that come before
    it.
    """

    text: str
    chat: bool = False
    examples: tuple[tuple[str, str], ...] = ()


TEMPLATES = {
    "plain": Template("{problem}\n"),
    "dapo": Template(_DAPO),
    "math": Template(_MATH),
    "base": Template(_BASE),
    "chat": Template(_MATH, chat=True),
    "chat_dapo": Template(_DAPO, chat=True),
    # The example shows the form of an answer and nothing of how to find it; the smallest models follow it where they do
    # not follow an instruction.
    "chat_short": Template("{problem}", chat=True, examples=(("How many legs has a dog?", "Answer: 4"),)),
}

# Which sources read a field; with another source it must keep its default.
_FIELD_SOURCES = {
    "path": ("jsonl", "parquet", "hub"),
    "subset": ("hub",),
    "revision": ("hub",),
    "split": ("arithmetic", "hub"),
    "problem_field": ("jsonl", "parquet", "hub"),
    "answer_field": ("jsonl", "parquet", "hub"),
    "difficulty": ("arithmetic",),
    "problem_seed": ("arithmetic",),
}


class EncodedPrompts(NamedTuple):
    """Prompts as ids, unpadded, each beside its problem."""

    tokens: list[list[int]]
    problems: list[Problem]


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where problems come from and how they are prompted. Raises ValueError on values that cannot work.

    Attributes:
      source: "arithmetic" (built in), "jsonl" or "parquet" (a local file), "hub" (a data set of the Hugging Face hub).
      path: file, or hub id; empty for arithmetic.
      subset: configuration of a hub data set, where it has several.
      revision: branch, tag or commit of a hub data set; empty for its default.
      split: split of a hub data set; "train" or "test" of the arithmetic.
      problem_field, answer_field: names of fields; dots reach into nested ones, e.g. prompt.0.content.
      difficulty: of the arithmetic: "easy", "medium", "hard", "chain", "long" or "single", see arithmetic.py.
      problem_seed: draws the arithmetic problems; apart from the run's seed, so that runs of several seeds share them.
      num_problems: keep the first so many after cleaning; 0 keeps all (the arithmetic then has 4096).
      template: "plain" (the problem and a newline), "dapo" (asks for a last line `Answer: ...`), "math" (asks for
        \\boxed{}), "base" (the same, as a text that a base model continues); inside the tokenizer's chat template
        "chat" is "math", "chat_dapo" is "dapo", and "chat_short" is the problem after an exchange that shows an answer
        without any work.
      enable_thinking: passed to the chat template.
      max_prompt_length: in tokens; longer prompts are dropped.
    """

    source: str = "arithmetic"
    path: str = ""
    subset: str = ""
    revision: str = ""
    split: str = "train"
    problem_field: str = "problem"
    answer_field: str = "answer"
    difficulty: str = "medium"
    problem_seed: int = 0
    num_problems: int = 0
    template: str = "plain"
    enable_thinking: bool = False
    max_prompt_length: int = 1024

    def __post_init__(self):
        sources = ("arithmetic", "jsonl", "parquet", "hub")
        if self.source not in sources:
            raise ValueError(f"data.source {self.source!r}: legal are {', '.join(sources)}")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default and self.source not in _FIELD_SOURCES.get(field.name, sources):
                raise ValueError(f"data.{field.name} {value!r} does nothing with data.source {self.source!r}; drop it")
        if self.source == "arithmetic":
            arithmetic.check(self.difficulty, self.split)
        elif not self.path:
            raise ValueError(f"data.path is empty; data.source {self.source!r} needs a file or the id of a data set")
        if self.template not in TEMPLATES:
            raise ValueError(f"data.template {self.template!r}: legal are {', '.join(TEMPLATES)}")
        if self.enable_thinking and not TEMPLATES[self.template].chat:
            raise ValueError(f"data.enable_thinking needs a chat template, not data.template {self.template!r}")
        if self.num_problems < 0:
            raise ValueError(f"data.num_problems {self.num_problems}: must be 0 (all) or more")
        if self.max_prompt_length < 1:
            raise ValueError(f"data.max_prompt_length {self.max_prompt_length}: must be at least 1")


# Published sets on the Hugging Face hub; configurations add the template and the longest prompt.
HUB_SETS: dict[str, DataConfig] = {
    "dapo_math_17k": DataConfig(
        source="hub",
        path="BytedTsinghua-SIA/DAPO-Math-17k",
        problem_field="prompt.0.content",
        answer_field="reward_model.ground_truth",
    ),
    "gsm8k_train": DataConfig(source="hub", path="openai/gsm8k", subset="main", problem_field="question"),
    "gsm8k_test": DataConfig(source="hub", path="openai/gsm8k", subset="main", split="test", problem_field="question"),
    "math500": DataConfig(source="hub", path="HuggingFaceH4/MATH-500", split="test"),
    "aime24": DataConfig(source="hub", path="HuggingFaceH4/aime_2024"),
    "aime25": DataConfig(source="hub", path="math-ai/aime25", split="test"),
}


def load_problems(config: DataConfig) -> tuple[list[Problem], dict[str, int]]:
    """Cleaned problems in the order of their source, and how many rows were dropped for each reason.

    Raises ValueError, in one line naming the place, for a missing file, data set or field, bad JSON, an answer that is
    neither text nor number, and an empty result.
    """
    if config.source == "arithmetic":
        num = config.num_problems or DEFAULT_NUM_ARITHMETIC
        return arithmetic.problems(config.difficulty, config.split, num, config.problem_seed), {}
    if config.source == "jsonl":
        rows = read_jsonl(config.path)
    elif config.source == "parquet":
        rows = read_parquet(config.path, (config.problem_field, config.answer_field))
    else:
        rows = read_hub(config.path, config.subset, config.split, config.revision)
    problems, dropped = clean(parse_rows(rows, config.problem_field, config.answer_field))
    if not problems:
        raise ValueError(f"{config.path}: no problem left; dropped: {dropped or 'none, it was empty'}")
    return problems[: config.num_problems or None], dropped


def clean(problems: Iterable[Problem]) -> tuple[list[Problem], dict[str, int]]:
    """Drops empty rows, repeated problems but the first, and every row of a problem that has two different answers."""
    first: dict[bytes, Problem] = {}
    num_rows: Counter[bytes] = Counter()
    contradictory: set[bytes] = set()
    dropped: Counter[str] = Counter()
    for problem in problems:
        if not problem.problem.strip() or not problem.answer.strip():
            dropped["empty_answer" if problem.problem.strip() else "empty_problem"] += 1
            continue
        key = hashlib.sha256(normalized(problem.problem).encode()).digest()
        num_rows[key] += 1
        if _answer_key(first.setdefault(key, problem).answer) != _answer_key(problem.answer):
            contradictory.add(key)
    for key, count in num_rows.items():
        if key in contradictory:
            dropped["contradictory_answers"] += count
            del first[key]
        elif count > 1:
            dropped["duplicate"] += count - 1
    return list(first.values()), dict(dropped)


def decontaminate(
    problems: list[Problem], held_out: Iterable[Problem], num_words: int = 20
) -> tuple[list[Problem], int]:
    """Drops problems that equal a held-out one up to white space or share `num_words` consecutive words with one.

    Training sets change the question of a benchmark's problem but keep its story, which the run of words catches.
    """
    texts, runs = set(), set()
    for problem in held_out:
        texts.add(normalized(problem.problem))
        runs |= _word_runs(problem.problem, num_words)
    kept = [
        problem
        for problem in problems
        if normalized(problem.problem) not in texts and runs.isdisjoint(_word_runs(problem.problem, num_words))
    ]
    return kept, len(problems) - len(kept)


def normalized(text: str) -> str:
    """The text without white space: two problems that agree here are the same problem."""
    return "".join(text.split())


def prompt_text(problem: str, tokenizer: Tokenizer, config: DataConfig) -> str:
    """The problem inside the configured template."""
    template = TEMPLATES[config.template]
    text = template.text.format(problem=problem)
    return tokenizer.apply_chat_template(text, config.enable_thinking, template.examples) if template.chat else text


def encode_prompts(problems: list[Problem], tokenizer: Tokenizer, config: DataConfig) -> tuple[EncodedPrompts, int]:
    """Ids of every problem's prompt, and how many problems were dropped for a prompt over max_prompt_length.

    Raises ValueError when none is left, or when the tokenizer lacks a symbol or the chat template.
    """
    encoded = EncodedPrompts([], [])
    for problem in problems:
        tokens = tokenizer.encode(prompt_text(problem.problem, tokenizer, config))
        if len(tokens) <= config.max_prompt_length:
            encoded.tokens.append(tokens)
            encoded.problems.append(problem)
    if not encoded.tokens:
        raise ValueError(f"none of {len(problems)} prompts fits data.max_prompt_length {config.max_prompt_length}")
    return encoded, len(problems) - len(encoded.tokens)


def pad_prompts(prompts: list[list[int]], length: int, pad_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Right-padded tokens [B, P] int32 with P = `length`, and lengths [B] int32; every prompt has 1 to P tokens."""
    lengths = np.array([len(prompt) for prompt in prompts], np.int32)
    if len(prompts) and not 1 <= lengths.min() <= lengths.max() <= length:
        raise ValueError(f"prompts have {lengths.min()} to {lengths.max()} tokens; must have 1 to {length}")
    tokens = np.full((len(prompts), length), pad_id, np.int32)
    for row, prompt in zip(tokens, prompts, strict=True):
        row[: len(prompt)] = prompt
    return tokens, lengths


def prompt_order(seed: int, step: int, num_problems: int, prompts_per_step: int) -> np.ndarray:
    """Indices [prompts_per_step] of the problems of a step, a pure function of the arguments.

    Steps cut one endless stream of epochs into pieces, and each epoch is a fresh permutation. A step may straddle
    epochs, and may then hold a problem twice.
    """
    if min(seed, step) < 0 or min(num_problems, prompts_per_step) < 1:
        raise ValueError(
            f"prompt order for seed {seed}, step {step}, {num_problems} problems, {prompts_per_step} per step: "
            "seed and step must be at least 0, the others at least 1"
        )
    start, stop = step * prompts_per_step, (step + 1) * prompts_per_step
    first_epoch, last_epoch = start // num_problems, (stop - 1) // num_problems
    epochs = [_permutation([seed, epoch], num_problems) for epoch in range(first_epoch, last_epoch + 1)]
    offset = first_epoch * num_problems
    return np.concatenate(epochs)[start - offset : stop - offset]


def extra_prompts(seed: int, step: int, batch: int, num_problems: int, prompts_per_step: int) -> np.ndarray:
    """Indices [prompts_per_step] of the problems of a step's generation batch `batch` >= 1 (0 is `prompt_order`'s), a
    pure function.

    The batches of a step go through the problems that its own prompts left out, in an order of the step's, and, once
    all have been tried, through all of them again and again.
    """
    if batch < 1:
        raise ValueError(f"extra prompts of generation batch {batch}: it must be at least 1")
    tried = prompt_order(seed, step, num_problems, prompts_per_step)
    order = _permutation([seed, step, 1], num_problems)
    order = np.concatenate([order[~np.isin(order, tried)], order])
    places = np.arange((batch - 1) * prompts_per_step, batch * prompts_per_step)
    untried = len(order) - num_problems
    return order[np.where(places < untried, places, untried + (places - untried) % num_problems)]


def _permutation(entropy: list[int], num: int) -> np.ndarray:
    # Sorted raw bits: numpy promises the bit stream for ever, but not what Generator.permutation makes of it.
    bits = np.random.Philox(np.random.SeedSequence(entropy)).random_raw(num)
    return np.argsort(bits, kind="stable")


def _answer_key(answer: str) -> str:
    """Answers that agree here do not contradict each other: white space, $ signs and leading zeros do not count."""
    bare = re.sub(r"[\s$]", "", answer)
    return (bare.lstrip("0") or "0") if bare.isdecimal() else bare


def _word_runs(text: str, num_words: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[start : start + num_words]) for start in range(len(words) - num_words + 1)}
