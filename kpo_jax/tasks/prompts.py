"""Problems as prompts: loaded, cleaned, put into a template, encoded, padded and ordered.

Everything is a pure function of the configuration, the seed and the step, so resuming needs no saved data state.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from kpo_jax import references
from kpo_jax.checks import Problem as Fault
from kpo_jax.checks import one_of, refuse, unless, whole
from kpo_jax.lazy import np
from kpo_jax.tasks import arithmetic
from kpo_jax.tasks.problem_sets import Problem, find, parse_rows, read_hub, read_jsonl, read_parquet
from kpo_jax.tasks.task import Task
from kpo_jax.tasks.templates import TEMPLATES, Template, columns, fill, messages, question
from kpo_jax.verifier import is_equivalent
from kpo_jax.verifier.words import is_no_answer
from kpo_jax.weights.tokenizers import Tokenizer

DEFAULT_NUM_ARITHMETIC = 4096

# Which sources read a field; with another source it must keep its default.
_FIELD_SOURCES = {
    "path": ("jsonl", "parquet", "hub"),
    "subset": ("hub",),
    "revision": ("hub",),
    "split": ("arithmetic", "hub", "task"),
    "problem_field": ("jsonl", "parquet", "hub"),
    "answer_field": ("jsonl", "parquet", "hub"),
    "difficulty": ("arithmetic",),
    "problem_seed": ("arithmetic", "task"),
}
SOURCES = ("arithmetic", "jsonl", "parquet", "hub", "task")


class EncodedPrompts(NamedTuple):
    """Prompts as ids, unpadded, each beside its problem."""

    tokens: list[list[int]]
    problems: list[Problem]


@dataclasses.dataclass(frozen=True)
class ProblemSet:
    """Problems ready to be sampled: `prompt_ids[i]` encodes `problems[i]`; all fit in `prompt_length` tokens."""

    name: str
    problems: list[Problem]
    prompt_ids: list[list[int]]
    prompt_length: int

    @functools.cached_property
    def digest(self) -> str:
        """Of the prompts and their reference answers, in order: another digest is another course of training."""
        content = [[ids, problem.answer] for ids, problem in zip(self.prompt_ids, self.problems, strict=True)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where problems come from and how they are prompted. Raises ValueError on values that cannot work.

    Attributes:
      source: "arithmetic" (built in), "jsonl" or "parquet" (a local file), "hub" (a data set of the Hugging Face hub),
        "task" (the task's own problems).
      path: file, or hub id; empty for the others.
      subset: configuration of a hub data set, where it has several.
      revision: branch, tag or commit of a hub data set; empty for its default.
      split: split of a hub data set or of the task's own problems; "train" or "test" of the arithmetic.
      problem_field, answer_field: names of columns; dots reach into nested ones, e.g. reward_model.ground_truth. A
        problem column of chat messages is passed to the chat template as it is. An empty answer_field is for a reward
        that needs no reference answer.
      difficulty: of the arithmetic: "easy", "medium", "hard", "chain", "long" or "single", see arithmetic.py.
      problem_seed: draws the problems of the arithmetic or the task; apart from the run's seed, so that runs of several
        seeds share them.
      num_problems: keep the first so many after cleaning; 0 keeps all (the built-in tasks then have 4096).
      template: "plain" (the problem and a newline), "dapo" (asks for a last line `Answer: ...`), "math" (asks for
        \\boxed{}), "base" (the same, as a text that a base model continues); inside the tokenizer's chat template
        "chat" is "math", "chat_dapo" is "dapo", "chat_short" is the problem after an exchange that shows an answer
        without any work, and "chat_worked" after two that show it. Or `file.py:NAME` of a Template. "" is the task's
        own, which for `math` is "plain".
      prompt: text in place of the template's, with {problem} and {column} for what is put in; see templates.py.
      system: system message, for a template inside the tokenizer's chat template and for rows of chat messages.
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
    template: str = ""
    prompt: str = ""
    system: str = ""
    enable_thinking: bool = False
    max_prompt_length: int = 1024

    def __post_init__(self):
        faults = one_of(self, "source", SOURCES) or [*_idle_fields(self), *_source_faults(self)]
        faults += [*whole(self, 0, "num_problems", "problem_seed"), *whole(self, 1, "max_prompt_length")]
        refuse([*faults, *_prompt_faults(self)])


def _idle_fields(config: DataConfig) -> list[Fault]:
    """Fields that are set and do nothing with the source."""
    idle = [
        field
        for field in dataclasses.fields(config)
        if getattr(config, field.name) != field.default and config.source not in _FIELD_SOURCES.get(field.name, SOURCES)
    ]
    text = "{!r} does nothing with source {!r}; leave it at {!r}"
    return [(f.name, text.format(getattr(config, f.name), config.source, f.default)) for f in idle]


def _source_faults(config: DataConfig) -> list[Fault]:
    if config.source == "arithmetic":
        return [
            *one_of(config, "difficulty", arithmetic.DIFFICULTIES),
            *one_of(config, "split", arithmetic.SPLITS),
        ]
    if config.source == "task":
        return []
    needed = f"empty; source {config.source!r} needs a file or the id of a data set"
    return [*unless(config.path, "path", needed), *unless(config.problem_field, "problem_field", "empty")]


def _prompt_faults(config: DataConfig) -> list[Fault]:
    faults = []
    try:
        columns(config.prompt)
    except ValueError as error:
        faults.append(("prompt", str(error)))
    if config.template:
        try:
            template = references.look_up(TEMPLATES, config.template)
        except ValueError as error:
            return [*faults, ("template", str(error))]
        faults += _template_faults(config, template)
    return faults


def _template_faults(config: DataConfig, template: Template) -> list[Fault]:
    if not isinstance(template, Template):
        return [("template", f"{config.template!r} is a {type(template).__name__}, not a kpo_jax.tasks.Template")]
    try:
        columns(template.text)
    except ValueError as error:
        return [("template", str(error))]
    if template.chat or not config.template:  # the rows may hold chats, which need no template
        return []
    text = f"needs a template inside the tokenizer's chat template, not {config.template!r}"
    return [
        *unless(not config.enable_thinking, "enable_thinking", text),
        *unless(not config.system, "system", text),
    ]


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


def on_hub(config: DataConfig) -> bool:
    """Whether the hub has to be asked for the problems; not for a local folder that `datasets` understands."""
    return config.source == "hub" and not os.path.isdir(config.path)


def load_problems(config: DataConfig, task: Task) -> tuple[list[Problem], dict[str, int]]:
    """Cleaned problems in the order of their source, and how many rows were dropped for each reason.

    Raises ValueError, in one line naming the place, for a missing file, data set or field, bad JSON, an answer that is
    neither text nor number, a column that the task needs and a row lacks, and an empty result.
    """
    template = prompt_template(config, task)
    key = lambda problem: question(problem, template)
    if config.source == "arithmetic":
        num = config.num_problems or DEFAULT_NUM_ARITHMETIC
        problems, dropped = clean(arithmetic.problems(config.difficulty, config.split, num, config.problem_seed), key)
    elif config.source == "task":
        problems, dropped = clean(_own_problems(config, task), key, needs_answer=False)
    else:
        if config.source == "jsonl":
            rows = read_jsonl(config.path)
        elif config.source == "parquet":
            fields = [config.problem_field, *([config.answer_field] if config.answer_field else [])]
            rows = read_parquet(config.path, fields)
        else:
            rows = read_hub(config.path, config.subset, config.split, config.revision)
        parsed = parse_rows(rows, config.problem_field, config.answer_field)
        problems, dropped = clean(parsed, key, needs_answer=bool(config.answer_field))
    if not problems:
        place = config.path or f"the task's problems of split {config.split!r}"
        raise ValueError(f"{place}: no problem left; dropped: {dropped or 'none, it was empty'}")
    for problem in problems:
        for name in task.columns:
            find(problem.row, name, f"the task needs a column: {problem.id}")
    return problems[: config.num_problems or None], dropped


def _own_problems(config: DataConfig, task: Task) -> list[Problem]:
    """What the task's own function gives. Raises ValueError, one line, for whatever goes wrong in it."""
    call = f"problems({config.split!r}, {config.num_problems}, {config.problem_seed})"
    if task.problems is None:
        raise ValueError("data.source: 'task' is legal with a task that has problems of its own alone")
    try:
        found = list(task.problems(config.split, config.num_problems, config.problem_seed))
    except ValueError as error:
        raise ValueError(" ".join(f"{call} of the task: {error}".split())) from error
    except Exception as error:  # a user's program may raise anything
        raise ValueError(" ".join(f"{call} of the task: {type(error).__name__}: {error}".split())) from error
    return [_checked(problem, f"{call} of the task: item {number}") for number, problem in enumerate(found, start=1)]


def _checked(problem: Any, place: str) -> Problem:
    """The problem with a row that a worker is sent as it is. Raises ValueError, one line, for what is no problem."""
    if not isinstance(problem, Problem):
        raise ValueError(f"{place} is a {type(problem).__name__}, not a kpo_jax.tasks.Problem")
    if not all(isinstance(text, str) for text in problem[:3]):
        raise ValueError(f"{place}: its id, problem and answer must be text")
    is_pair = lambda of: isinstance(of, tuple | list) and len(of) == 2 and all(isinstance(text, str) for text in of)
    if not isinstance(problem.messages, tuple | list) or not all(map(is_pair, problem.messages)):
        raise ValueError(f"{place}: its messages must be pairs of texts, (role, text)")
    try:
        return problem._replace(row=_plain(dict(problem.row)))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"{place}: its row cannot be written as JSON: {error}") from None


def _plain(value: Any) -> Any:
    """The value as JSON would give it back: numbers of numpy are Python's, and tuples are lists. Raises TypeError for
    what JSON has not, or would change.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        if others := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"the key {others[0]!r} is a {type(others[0]).__name__}, not text")
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"it holds a {type(value).__name__}")


def clean(
    problems: Iterable[Problem], key: Callable[[Problem], str] = lambda p: p.problem, needs_answer: bool = True
) -> tuple[list[Problem], dict[str, int]]:
    """Drops empty rows, repeated problems but the first, and every row of a problem that has two different answers.

    Problems are the same if their `key` is, up to white space, and answers if they are equal as mathematics (1/2 and
    \\frac{1}{2}). NaN and Infinity are no answers. Where no answer is needed, none is looked at.
    """
    first: dict[bytes, Problem] = {}
    answers: dict[bytes, dict[str, str]] = {}
    num_rows: Counter[bytes] = Counter()
    contradictory: set[bytes] = set()
    dropped: Counter[str] = Counter()
    for problem in problems:
        if fault := _empty(problem, needs_answer):
            dropped[fault] += 1
            continue
        same = hashlib.sha256(normalized(key(problem)).encode()).digest()
        num_rows[same] += 1
        first.setdefault(same, problem)
        if needs_answer and same not in contradictory:
            others, own = answers.setdefault(same, {}), _answer_key(problem.answer)
            if own not in others and not all(is_equivalent(problem.answer, other) for other in others.values()):
                contradictory.add(same)
            others[own] = problem.answer
    for same, count in num_rows.items():
        if same in contradictory:
            dropped["contradictory_answers"] += count
            del first[same]
        elif count > 1:
            dropped["duplicate"] += count - 1
    return list(first.values()), dict(dropped)


def _empty(problem: Problem, needs_answer: bool) -> str:
    """What a row lacks, if it does."""
    if not problem.problem.strip():
        return "empty_problem"
    if not needs_answer or not is_no_answer(problem.answer):
        return ""
    return "no_answer" if problem.answer.strip() else "empty_answer"


def decontaminate(
    problems: list[Problem],
    held_out: Iterable[tuple[str, ...]],
    texts: Callable[[Problem], tuple[str, ...]] = lambda p: (p.problem,),
    num_words: int = 20,
) -> tuple[list[Problem], int]:
    """Drops problems that equal a held-out one up to white space or share `num_words` consecutive words with one.

    A problem is its `texts`, and a held-out one is given by its own. A text that all problems have, as an instruction
    in each row, is none of a problem and is not compared. Training sets change the question of a benchmark's problem
    but keep its story, which the run of words catches.
    """
    own = [texts(problem) for problem in problems]
    everywhere = set.intersection(*map(set, own)) if len(own) > 1 else set()
    said = lambda of: "\n".join(text for text in of if text not in everywhere)
    seen, runs = set(), set()
    for of in held_out:
        seen.add(normalized(said(of)))
        runs |= _word_runs(said(of), num_words)
    seen.discard("")
    kept = [
        problem
        for problem, text in zip(problems, map(said, own), strict=True)
        if normalized(text) not in seen and runs.isdisjoint(_word_runs(text, num_words))
    ]
    return kept, len(problems) - len(kept)


def normalized(text: str) -> str:
    """The text without white space but between digits: two problems that agree here are the same problem."""
    return "".join(_BETWEEN_DIGITS.sub("\0", text).split())


def prompt_template(config: DataConfig, task: Task) -> Template:
    """The template that the configuration names, or else the task's, with the configuration's text and system message.

    Raises ValueError if the two do not fit.
    """
    template = references.look_up(TEMPLATES, config.template) if config.template else task.template
    if faults := _template_faults(config, template):
        raise ValueError("; ".join(f"data.{name}: {text}" for name, text in faults))
    return template._replace(text=config.prompt or template.text, system=config.system or template.system)


def prompt_text(problem: Problem, tokenizer: Tokenizer, template: Template, enable_thinking: bool = False) -> str:
    """The prompt of a problem: its own chat messages where it has some, else the problem inside the template.

    What the row says is text: a special token that is spelled in it is none, while the template and the configuration
    may spell some.

    Raises ValueError, one line, for a column that is missing, a system message without a chat, and messages for a
    tokenizer without a chat template.
    """
    if template.chat or problem.messages:
        return tokenizer.apply_chat_template(messages(problem, template, tokenizer.literal), enable_thinking)
    for name, given in (("system", template.system), ("enable_thinking", enable_thinking)):
        if given:
            raise ValueError(
                f"data.{name}: it needs a template inside the tokenizer's chat template, e.g. data.template=chat"
            )
    return fill(template.text, problem, tokenizer.literal)


def encode_prompts(
    problems: list[Problem], tokenizer: Tokenizer, config: DataConfig, task: Task
) -> tuple[EncodedPrompts, int]:
    """Ids of every problem's prompt, and how many problems were dropped for a prompt over max_prompt_length.

    Raises ValueError when none is left, when a prompt cannot be made (see prompt_text), or when the tokenizer lacks a
    symbol.
    """
    template, encoded = prompt_template(config, task), EncodedPrompts([], [])
    for problem in problems:
        if problem.messages and (config.template or config.prompt):
            name = "template" if config.template else "prompt"
            raise ValueError(
                f"data.{name}: {problem.id} holds chat messages, which are passed on as they are; it must be empty"
            )
        tokens = tokenizer.encode(prompt_text(problem, tokenizer, template, config.enable_thinking))
        if not (template.chat or problem.messages):  # a chat template writes its own begin of text
            start = list(tokenizer.start_ids)
            tokens = tokens if tokens[: len(start)] == start else start + tokens
        if len(tokens) <= config.max_prompt_length:
            encoded.tokens.append(tokens)
            encoded.problems.append(problem)
    if not encoded.tokens:
        raise ValueError(f"none of {len(problems)} prompts fits data.max_prompt_length {config.max_prompt_length}")
    return encoded, len(problems) - len(encoded.tokens)


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
    """Answers that agree here are the same at sight: white space, $ signs and leading zeros do not count."""
    bare = re.sub(r"[\s$]", "", answer)
    return (bare.lstrip("0") or "0") if bare.isdecimal() else bare


_BETWEEN_DIGITS = re.compile(r"(?<=\d)\s+(?=\d)")  # 1 23 are two numbers, and others than 12 3

# A sign of Chinese, Japanese or Korean is a word: such a text has no spaces between them.
_SIGNS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_SIGNS}]|(?:(?![{_SIGNS}])\w)+")


def _word_runs(text: str, num_words: int) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[start : start + num_words]) for start in range(len(words) - num_words + 1)}
