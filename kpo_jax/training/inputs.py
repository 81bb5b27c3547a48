"""What a run reads from disk before a device is touched: where its weights are, its tokenizer, its problems."""

import dataclasses

from kpo_jax.config import Config
from kpo_jax.lazy import np
from kpo_jax.tasks import rewards
from kpo_jax.tasks.prompts import ProblemSet, decontaminate, encode_prompts, load_problems, on_hub, prompt_template
from kpo_jax.tasks.registry import build_task
from kpo_jax.tasks.task import Task
from kpo_jax.tasks.templates import asked
from kpo_jax.weights import huggingface, peft
from kpo_jax.weights.tokenizers import is_local, load_tokenizer

PROMPT_ROUNDING = 16  # prompts are padded to a multiple of this


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Everything that is read; without the hub, what of that is here.

    Attributes:
      weights: local path of the pretrained weights, which were checked; "" where there are none.
      tokenizer: of prompts and responses; without the hub None if it is there.
      task: what is trained on.
      rewards: what a response earns, the main one first.
      train: the problems to train on; without the hub None if they are there, and without prompts if the tokenizer is.
      eval_sets: the sets to evaluate on, those that are here.
      notes: lines that say what was dropped from the sets, and why, and what was not opened.
    """

    weights: str
    tokenizer: object
    task: Task
    rewards: tuple[rewards.Term, ...]
    train: ProblemSet | None
    eval_sets: list[ProblemSet]
    notes: list[str]


def load_inputs(config: Config, ask_hub: bool = True, trains: bool = True) -> Inputs:
    """Where the pretrained weights are, the tokenizer, training problems and evaluation sets.

    With `ask_hub` False the network is not asked, and what lies on the hub is left out with a note. Where nothing
    `trains` on them, the training problems may be those of an evaluation set, and few.

    Raises ValueError, one line, for what is missing or does not fit.
    """
    weights, notes, tokenizer = "", [], None
    if config.pretrained and (ask_hub or huggingface.is_local(config.pretrained)):
        weights = huggingface.find(config.pretrained, config.revision, config.model)
    if config.adapters_given and peft.is_adapter(config.init_from):  # may be gone where a run goes on
        peft.check_adapters(config.init_from, config.model)
    if is_local(config.tokenizer) or ask_hub:
        tokenizer = _load_tokenizer(config)
    else:
        notes.append(f"tokenizer {config.tokenizer!r} is on the hub and was not opened: no prompt is encoded")
    task = build_task(config.task)
    terms = rewards.terms(config.reward, task.reward)
    eval_sets, held_out = [], []
    for name, data in config.eval.sets.items():
        if ask_hub or not on_hub(data):
            eval_sets.append(_load_set(name, data, task, terms, tokenizer, notes))
            template = prompt_template(data, task)
            held_out += [asked(problem, template) for problem in eval_sets[-1].problems] if config.decontaminate else []
        else:
            notes.append(f"{name}: {data.path!r} is on the hub and was not opened")
    train = None
    if ask_hub or not on_hub(config.data):
        train = _load_set("train", config.data, task, terms, tokenizer, notes, held_out if trains else ())
        if trains and len(train.problems) < config.rollout.prompts_per_step:
            raise ValueError(
                f"rollout.prompts_per_step: {config.rollout.prompts_per_step} is more than the {len(train.problems)} "
                "training problems"
            )
        if trains and config.warm_start.num_steps and tokenizer is not None:
            _check_demonstrations(config, task, train.problems, tokenizer)
    else:
        notes.append(f"train: {config.data.path!r} is on the hub and was not opened")
    return Inputs(
        weights=weights, tokenizer=tokenizer, task=task, rewards=terms, train=train, eval_sets=eval_sets, notes=notes
    )


def _load_tokenizer(config: Config):
    tokenizer = load_tokenizer(config.tokenizer, config.revision or None)
    if tokenizer.vocab_size > config.model.vocab_size:
        raise ValueError(
            f"model.vocab_size: {config.model.vocab_size} is below the {tokenizer.vocab_size} of tokenizer "
            f"{config.tokenizer!r}"
        )
    for text in config.sampler.stop:
        inside = [token for token in tokenizer.special if token in text and text not in tokenizer.special]
        if inside:
            raise ValueError(
                f"sampler.stop: {text!r} has the special token {inside[0]!r} in it, which is no text of a response; "
                "alone it ends one"
            )
    return tokenizer


def _check_demonstrations(config: Config, task: Task, problems, tokenizer) -> None:
    """Raises ValueError, one line, if a problem has no demonstration that the tokenizer can write."""
    rng = np.random.default_rng(config.seed)
    for problem in problems:
        try:
            tokenizer.encode(task.demonstration(problem, rng, config.warm_start.error_rate))
        except Exception as error:  # a user's program may raise anything
            said = f"{type(error).__name__}: {error}"
            raise ValueError(
                " ".join(f"warm_start.num_steps: no demonstration of {problem.id}: {said}".split())
            ) from error


def _load_set(name, data_config, task, terms, tokenizer, notes: list[str], held_out: list[tuple] = ()) -> ProblemSet:
    """The set, encoded if there is a tokenizer; appends notes of what was dropped and of what cannot be graded."""
    problems, dropped = load_problems(data_config, task)
    if held_out:  # what is evaluated on is never trained on
        template = prompt_template(data_config, task)
        problems, overlapping = decontaminate(problems, held_out, lambda problem: asked(problem, template))
        dropped = dropped | {"overlaps an evaluation set": overlapping}
        if not problems:
            raise ValueError(f"decontaminate: all {overlapping:,} training problems overlap an evaluation set")
    prompt_ids, prompt_length = [], 0
    if tokenizer is not None:
        encoded, too_long = encode_prompts(problems, tokenizer, data_config, task)
        dropped = dropped | {"prompt too long": too_long}
        problems, prompt_ids = encoded.problems, encoded.tokens
        prompt_length = -(-max(map(len, prompt_ids)) // PROMPT_ROUNDING) * PROMPT_ROUNDING
    if reasons := ", ".join(f"{reason} {count:,}" for reason, count in dropped.items() if count):
        notes.append(f"{name}: {len(problems):,} problems; dropped: {reasons}")
    if unread := rewards.ungradable(problems, terms):
        examples = ", ".join(f"{problem.answer[:40]!r} of {problem.id}" for problem in unread[:3])
        notes.append(
            f"{name}: {len(unread):,} of {len(problems):,} reference answers cannot be read by the grader, and are "
            f"right only as they are written: {examples}{', ...' if len(unread) > 3 else ''}"
        )
    return ProblemSet(name, problems, prompt_ids, prompt_length)
