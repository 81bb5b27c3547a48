"""What the few shapes of the sampler's batch cost beside a program for every power of two of rows and of columns.

    python tests/batch_shapes.py

A simulation of responses that all begin at once. A step costs what it reads of the weights, and for each row its matrix
products and the columns of the ring; all are given as columns of one row.
"""

import math
import sys
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

if __name__ == "__main__":  # run as a file: the package lies beside its folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from kpo_jax.sampling.shapes import Shape, choose, first, plan
from kpo_jax.text import table


class Call(NamedTuple):
    """A call of the sampler: prompts, responses to each, and the most tokens of both."""

    prompts: int
    group: int
    prompt_length: int
    longest: int

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return plan(self.prompts, self.prompts, self.group, self.prompt_length, self.longest, 1).shapes


CALLS = (Call(64, 8, 16, 4096), Call(64, 1, 64, 256))
COSTS = {"products": (6, 0.1), "the ring": (0.25, 0.03)}  # of a row, as shares of its columns; of the weights, of all
LOGNORMAL = {"short": (0.06, 0.6), "wide": (0.12, 1.1), "ragged": (0.172, 0.85), "long": (0.35, 0.6)}  # median, sigma


def lengths(call: Call) -> dict[str, list[int]]:
    """Of the responses in rising order, by the name of their distribution: its quantiles."""
    rows = call.prompts * call.group
    shares = [(number + 0.5) / rows for number in range(rows)]
    found = {
        name: [median * math.exp(NormalDist(sigma=sigma).inv_cdf(share)) for share in shares]
        for name, (median, sigma) in LOGNORMAL.items()
    }
    found |= {"uniform": shares, "all": [1.0] * rows}
    return {name: [min(call.longest, max(1, round(call.longest * x))) for x in parts] for name, parts in found.items()}


def powers_of_two(call: Call) -> tuple[Shape, ...]:
    """Every batch of a power of two of rows and of segments, the whole one first."""
    whole = call.shapes[0]
    rows = [whole.rows >> i for i in range(whole.rows.bit_length())]
    segments = [whole.segments >> i for i in range(whole.segments.bit_length())]
    return tuple(
        whole._replace(slots=whole.slots if r == whole.rows else r, rows=r, segments=s) for r in rows for s in segments
    )


def cost(call: Call, shapes: tuple[Shape, ...], lengths: list[int], decides: str) -> float:
    """Of drawing responses of these lengths, in columns of one row."""
    of_row, of_weights = COSTS[decides]
    now, total, ended = first(shapes), 0.0, 0
    for age in range(lengths[-1]):
        while lengths[ended] <= age:
            ended += 1
        now = choose(shapes, now, len(lengths) - ended, age + 1, refilled=False)
        total += of_weights * len(lengths) * call.longest + now.rows * (of_row * call.longest + now.columns)
    return total


def ratios(call: Call, shapes: tuple[Shape, ...], decides: str) -> dict[str, float]:
    """{distribution: the cost by these shapes over that by all powers of two}."""
    every = powers_of_two(call)
    return {n: cost(call, shapes, x, decides) / cost(call, every, x, decides) for n, x in lengths(call).items()}


if __name__ == "__main__":
    rows = []
    for call in CALLS:
        for decides in COSTS:
            found = ratios(call, call.shapes, decides)
            rows.append([f"{call.prompts} x {call.group}", f"{call.longest:,}", decides])
            rows[-1] += [f"{ratio:.2f}" for ratio in found.values()]
    print(table(["responses", "at most", "what decides", *found], rows))
