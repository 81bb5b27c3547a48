"""What a check finds, and how large it is."""

import dataclasses
import json
from typing import NamedTuple

from kpo_jax.text import table


class Finding(NamedTuple):
    """One number of one part.

    Attributes:
      part: which part of the check found it.
      what: what was measured.
      value: number, or text.
      unit: of the number; "" for none.
      wanted: the bound in words, "" where there is none.
      holds: whether it is kept; None where there is none.
    """

    part: str
    what: str
    value: float | str
    unit: str = ""
    wanted: str = ""
    holds: bool | None = None


def at_most(part: str, what: str, value: float, bound: float, unit: str = "") -> Finding:
    """A finding that must not be above the bound; what is not a number is."""
    return Finding(part, what, value, unit, f"<= {bound:g}", bool(value <= bound))


def at_least(part: str, what: str, value: float, bound: float, unit: str = "") -> Finding:
    """A finding that must not be below the bound; what is not a number is."""
    return Finding(part, what, value, unit, f">= {bound:g}", bool(value >= bound))


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large the check is.

    Attributes:
      attention: rows, tokens, query heads, key heads and features of a head.
      filter: rows and tokens.
      models: entries of PRESETS, in bfloat16, of which sampler and update are timed, and what the backward pass of the
        update recomputes (ModelConfig.remat).
      prompts, group_size, prompt_length, response_length: of the timed programs.
      steps: decoding steps in a timed dispatch, at the end of the responses.
      update_rows: responses of a timed update.
      training_steps: of the tiny run.
      repeats: of what is timed; the median counts.
      patience: what the limits of the parts are multiplied by.
    """

    attention: tuple[int, int, int, int, int] = (2, 1024, 16, 8, 128)
    filter: tuple[int, int] = (64, 8192)
    models: tuple[tuple[str, str], ...] = (("qwen3-0.6b", "elementwise"), ("qwen3-4b", "full"))
    prompts: int = 16
    group_size: int = 8
    prompt_length: int = 1024
    response_length: int = 1024
    steps: int = 64
    update_rows: int = 8
    training_steps: int = 4
    repeats: int = 5
    patience: float = 1.0


SCALES = {
    "full": Scale(),
    "small": Scale(
        attention=(2, 96, 4, 2, 16),
        filter=(4, 128),
        models=(("tiny", "elementwise"),),
        prompts=2,
        group_size=2,
        prompt_length=16,
        response_length=32,
        steps=8,
        update_rows=4,
        training_steps=1,
        repeats=2,
        patience=2.0,  # a CPU of few cores
    ),
}


# seconds that a part may take
_TOGETHER = {"attention": 120, "log-probabilities": 120, "training": 240}
_ALONE = {"device": 60, "filters": 60, "attention forms": 60}
_OF_A_MODEL = {"update": 180, "sampler": 120}


def parts(scale: Scale) -> list[dict[str, float]]:
    """The names of all parts in their order, with the seconds that each may take. What stands in one dictionary may run
    at the same time: nothing is timed there.
    """
    timed = [{name: limit} for name, limit in _ALONE.items()]
    timed += [{f"{kind} {name}": limit} for name, _ in scale.models for kind, limit in _OF_A_MODEL.items()]
    groups = [timed[0], _TOGETHER, *timed[1:]]
    return [{name: limit * scale.patience for name, limit in group.items()} for group in groups]


def report(title: str, findings: list[Finding]) -> str:
    """A page in Markdown; what does not hold stands first."""
    failed = [one for one in findings if one.holds is False]
    bounded = sum(one.holds is not None for one in findings)
    rows = [
        [one.part, one.what, _shown(one.value), one.unit, one.wanted, {True: "yes", False: "NO", None: ""}[one.holds]]
        for one in findings
    ]
    lines = [f"# {title}", "", f"{bounded - len(failed)} of {bounded} bounds hold."]
    lines += [f"- {one.part}: {one.what} is {_shown(one.value)}, wanted {one.wanted}" for one in failed]
    return "\n".join([*lines, "", table(["part", "what", "value", "unit", "wanted", "holds"], rows), ""])


def _shown(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def to_json(finding: Finding) -> str:
    """One line."""
    return json.dumps(finding._asdict())


def from_json(line: str) -> Finding:
    """The finding that `to_json` wrote."""
    return Finding(**json.loads(line))
