"""Responses of a policy, shown to a person."""

from kpo_jax.config import Config
from kpo_jax.tasks.prompts import Problem, ProblemSet, encode_prompts
from kpo_jax.training import evaluate
from kpo_jax.training.inputs import Inputs
from kpo_jax.training.setup import Programs


def show_samples(
    config: Config, inputs: Inputs, programs: Programs, params, prompts: list[str], num_prompts: int
) -> str:
    """Responses to the given prompts, or to the first problems of the first evaluation set with their verdicts, as
    text.

    Raises ValueError, one line, if there is nothing to respond to or a prompt is too long.
    """
    chat = bool(inputs.train.problems[0].messages)
    problems = [
        Problem(id=f"--prompt {text[:40]!r}", problem=text, answer="", messages=(("user", text),) * chat)
        for text in prompts
    ]
    source = config.data
    if not problems:
        if not inputs.eval_sets:
            raise ValueError("--prompt: required, since the configuration has no evaluation set to take problems from")
        problems, source = inputs.eval_sets[0].problems[:num_prompts], next(iter(config.eval.sets.values()))
    encoded, too_long = encode_prompts(problems, inputs.tokenizer, source, inputs.task)
    if too_long:
        raise ValueError(
            f"--prompt: {too_long} of them have more than {source.max_prompt_length} tokens (data.max_prompt_length)"
        )
    longest = max(len(tokens) for tokens in encoded.tokens)
    texts, graded, _ = evaluate.answer(
        programs.eval_sampler,
        params,
        ProblemSet("sample", encoded.problems, encoded.tokens, longest),
        terms=inputs.rewards[: 0 if prompts else 1],
        num_samples=config.eval.num_samples,
        prompts_per_call=programs.sampled_rows,
        tokenizer=inputs.tokenizer,
        seed=config.seed,
    )
    blocks = []
    for row, text in enumerate(texts):
        problem = problems[row // config.eval.num_samples]
        lines = [f"--- {problem.problem}", text.rstrip("\n")]
        for verdict in [of[row] for of in graded.values()]:
            found = f"correct: {verdict.correct}  extracted: {verdict.extracted}"
            lines.append(f"{found}  answer: {problem.answer}  ({verdict.reason})")
        blocks.append("\n".join(lines))
    return "\n".join(blocks)
