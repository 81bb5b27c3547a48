"""What every token of a training step went through, on disk, readable with numpy alone.

`WORKDIR/trace/step_000016.npz` holds one training step, without padding: a field has one entry per response token, all
rows one after the other, or one per row, or one per group of rows that answer one problem (`FIELDS`).
`WORKDIR/trace/trace.json` holds what the arrays mean: the fields, the filter, the objective, the tokenizer. Row i of
step 16, and what the filter did to it:

    import json, numpy as np
    step = np.load("trace/step_000016.npz")
    row = slice(step["offsets"][i], step["offsets"][i + 1])
    before, after = np.exp(step["log_ratio"][row]), np.exp(step["filtered_log_ratio"][row])
    parameters = json.load(open("trace/trace.json"))["filter"]

Float32 is stored as it was computed, so that a filter applied to `log_ratio` once more gives `filtered_log_ratio` to
the bit.
"""

import io
import json
from pathlib import Path

import numpy as np

from kpo_jax import references
from kpo_jax.config import to_dict
from kpo_jax.files import write_whole
from kpo_jax.places import folder

SCHEMA = 1

# name -> (what it has one entry for, dtype, meaning)
FIELDS = {
    "offsets": (
        "row + 1",
        "int64",
        "the response tokens of row i stand at offsets[i] to offsets[i + 1] of every token field",
    ),
    "token": ("token", "int32", "id of the response token"),
    "sampler_log_prob": ("token", "float32", "log-probability as the sampler drew it"),
    "old_log_prob": ("token", "float32", "the same by the trainer, before any update"),
    "log_prob": ("token", "float32", "of the policy that the minibatch was about to update, as its loss saw it"),
    "log_ratio": ("token", "float32", "log_prob - old_log_prob, what the filter was given"),
    "filtered_log_ratio": ("token", "float32", "what the filter made of it"),
    "innovation": ("token", "float32", "log_ratio less its prediction, before saturation"),
    "innovation_std": ("token", "float32", "what the filter expected of the innovation; inf without a noise model"),
    "gain": ("token", "float32", "of the filter"),
    "saturated": ("token", "bool", "the filter bounded the innovation"),
    "clipped": ("token", "bool", "the objective cut the token's gradient off"),
    "advantage": ("token", "float32", "of the token's response, or its own where there is a critic"),
    "reward": ("row", "float32", "of the response"),
    "correct": ("row", "bool", "the verdict"),
    "extracted": ("row", "str", "the answer that was found in the response; empty if none"),
    "finished": ("row", "bool", "the response ended by itself"),
    "minibatch": ("row", "int32", "the optimizer step that the row went into, from 0; 0 is on-policy where age is 0"),
    "microbatch": ("row", "int32", "its part of the minibatch, from 0"),
    "place": ("row", "int32", "its row of the microbatch's [B, T] arrays, from 0"),
    "age": ("row", "int32", "how many training steps older the policy was that drew the response"),
    "problem": ("group", "str", "id of the problem; group_size rows answer it, one after the other"),
    "answer": ("group", "str", "its reference answer"),
    "prompt_offsets": (
        "group + 1",
        "int64",
        "the prompt of group g stands at prompt_offsets[g] to prompt_offsets[g + 1] of prompt_token",
    ),
    "prompt_token": ("prompt token", "int32", "id of the prompt's token"),
    "microbatch_shape": ("axis", "int32", "microbatches, B and T of a minibatch, which follow the devices of the step"),
}
LATER = ("age", "microbatch_shape")  # fields that the first records do not have
RECORDED = (
    "log_prob",
    "log_ratio",
    "filtered_log_ratio",
    "innovation",
    "innovation_std",
    "gain",
    "saturated",
    "clipped",
)


def directory(workdir: str) -> Path:
    return folder(workdir) / "trace"


def reward_fields(names) -> dict[str, tuple[str, str, str]]:
    """What FIELDS lacks of a run with several rewards, whose sum is "reward": each of them, by the name it has there.

    `names` are those of the rewards and of the penalty for length.
    """
    return {
        f"reward_{name}": ("row", "float32", f"what {name} alone gave, before its weight") for name in names
    } if len(names) > 1 else {}  # fmt: skip


def describe(algorithm, *, method: str | None, rewards, group_size: int, num_minibatches: int, **more) -> dict:
    """The part of trace.json that a run's configuration decides.

    `algorithm` is an AlgorithmConfig, `rewards` are names.

    `sources` in it are the texts of the files that the run loaded by reference, so that a trace can be replayed alone;
    `more` goes in as it is.
    """
    plain = to_dict(algorithm)
    return {
        "schema": SCHEMA,
        "method": method,
        "filter": plain["filter"],
        "objective": plain["objective"],
        "rejection": plain["rejection"],
        "advantage": plain["advantage"],
        "sources": references.loaded(),
        "group_size": group_size,
        "num_minibatches": num_minibatches,
        **more,
        "fields": {
            name: {"per": per, "dtype": dtype, "meaning": meaning}
            for name, (per, dtype, meaning) in (FIELDS | reward_fields(rewards)).items()
        },
    }


def step_arrays(
    minibatches: list[tuple], traces: list, *, finished, verdicts, scores, problems, age: int
) -> dict[str, np.ndarray]:
    """The arrays of one training step by the names of FIELDS and of `reward_fields`.

    Args:
      minibatches: (rows, packed, order) of each, as from step.score; all groups in order.
      traces: a TokenTrace [microbatches, B, T] of host arrays for each.
      finished: [rows] bool. verdicts: one per row. scores: {name of a reward: [rows]}. problems: one per group.
      age: of the policy that drew, in training steps.
    """
    token_fields = {name: [] for name, (per, _, _) in FIELDS.items() if per == "token"}
    rows = {name: [] for name in ("reward", "minibatch", "microbatch", "place", "length")}
    prompts = []
    for number, ((part, _, order), tokens) in enumerate(zip(minibatches, traces, strict=True)):
        mask, size = part["response_mask"], len(part["tokens"])
        micro, place = np.full(size, -1), np.full(size, -1)
        taken = order >= 0
        micro[order[taken]], place[order[taken]] = np.nonzero(taken)
        lengths, starts = mask.sum(axis=1), part["prompt_length"]
        advantage = (
            part["advantage"]
            if part["advantage"].ndim == 2
            else np.broadcast_to(part["advantage"][:, None], mask.shape)
        )
        for name in ("sampler_log_prob", "old_log_prob"):
            token_fields[name].append(part[name][mask])
        token_fields["advantage"].append(advantage[mask])
        for name in RECORDED:
            token_fields[name].append(getattr(tokens, name)[micro, place][mask])
        for row, length, start in zip(part["tokens"], lengths, starts, strict=True):
            token_fields["token"].append(row[start : start + length])
            prompts.append(row[:start])
        for name, values in (
            ("reward", part["reward"]), ("minibatch", np.full(size, number)), ("microbatch", micro), ("place", place),
            ("length", lengths),
        ):  # fmt: skip
            rows[name].append(values)
    prompts = prompts[:: len(prompts) // len(problems)]
    arrays = {name: np.concatenate(values) for name, values in (token_fields | rows).items()}
    arrays |= dict(
        offsets=_offsets(arrays.pop("length")),
        correct=[v.correct for v in verdicts],
        extracted=_texts(v.extracted for v in verdicts),
        finished=finished,
        age=np.full(len(finished), age),
        problem=_texts(p.id for p in problems),
        answer=_texts(p.answer for p in problems),
        prompt_offsets=_offsets([len(p) for p in prompts]),
        prompt_token=np.concatenate(prompts),
        microbatch_shape=np.shape(traces[0].log_ratio),
    )
    arrays |= {f"reward_{name}": score for name, score in scores.items()}
    wanted = FIELDS | reward_fields(scores)
    return {name: np.asarray(arrays[name], dtype) for name, (_, dtype, _) in wanted.items()}


def _offsets(lengths) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _texts(values) -> list[str]:
    # an array of texts is as wide as the longest, and "" is both an empty text and none
    return [(value or "")[:256] for value in values]


class TraceWriter:
    """Records training steps in `workdir`/trace while they fit into `max_bytes`, trace.json included.

    Steps at or beyond `first_step`, which a resumed run takes again, are removed on opening, and so is what a killed
    writer left
    behind: the files are the record, trace.json follows them. With every = 0 nothing is recorded, and nothing written.
    """

    def __init__(
        self, workdir: str, description: dict, *, first_step: int, every: int, max_bytes: int, active: bool = True
    ):
        self._directory, self._every, self._active = directory(workdir), every, active
        self._description = description | {"every": every, "max_bytes": max_bytes}
        self._stopped_at = None
        if not active:
            return
        old = (
            json.loads((self._directory / "trace.json").read_text())
            if (self._directory / "trace.json").exists()
            else None
        )
        for path in self._directory.glob("step_*"):
            if path.suffix != ".npz" or _step(path) >= first_step:
                path.unlink()
        if old and old["stopped_at"] is not None and old["stopped_at"] < first_step and max_bytes <= old["max_bytes"]:
            self._stopped_at = old["stopped_at"]  # recording has ended; a larger budget lets it go on
        if every:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._write_description()
        elif old:
            self._description = old
            self._write_description()

    def wants(self, step: int) -> bool:
        """Whether to record the step. Where the writer is not active (on other processes), as far as can be known
        there.
        """
        return self._every > 0 and step % self._every == 0 and self._stopped_at is None

    def write(self, step: int, arrays: dict[str, np.ndarray]) -> str | None:
        """Record a step; a line for the person at the terminal if it no longer fits, so that recording ends here."""
        if not self._active:
            return None
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        size, limit = buffer.getbuffer().nbytes, self._description["max_bytes"]
        recorded = [*self._steps(), step]
        used = self._bytes() + size
        if (
            used + len(self._text(recorded, used)) + 16 > limit
        ):  # the step at which recording ended may be longer than null
            self._stopped_at = step
        else:
            write_whole(self._directory / f"step_{step:06d}.npz", buffer.getbuffer())
        self._write_description()
        if self._stopped_at is not None:
            return f"trace: recording ends before step {step}, which would pass trace.max_bytes = {limit:,}"
        return None

    def _steps(self) -> list[int]:
        return steps(self._directory)

    def _bytes(self) -> int:
        return sum(path.stat().st_size for path in self._directory.glob("step_*.npz"))

    def _text(self, recorded: list[int], used: int) -> str:
        state = {"steps": recorded, "bytes": used, "stopped_at": self._stopped_at}
        return json.dumps(self._description | state, indent=1) + "\n"

    def _write_description(self) -> None:
        write_whole(self._directory / "trace.json", self._text(self._steps(), self._bytes()))


def _step(path: Path) -> int:
    return int(path.stem.removeprefix("step_"))


def steps(trace_directory) -> list[int]:
    """The steps recorded in a trace's directory, in order."""
    return sorted(_step(path) for path in Path(trace_directory).glob("step_*.npz"))


def off_policy(step: dict[str, np.ndarray]) -> np.ndarray:
    """[rows] bool: those that an update met with another policy than drew them, so that their log-ratio is more than
    numerics.

    That is all of them, but the first minibatch after a rollout of the policy of the same training step.
    """
    return (step["minibatch"] > 0) | (step["age"] > 0)


def load(path: str) -> tuple[Path, dict]:
    """(the trace's directory, its description) of a trace or of the workdir that holds one. Raises ValueError if there
    is none.
    """
    for place in (folder(path), directory(path)):
        if (place / "trace.json").is_file():
            description = json.loads((place / "trace.json").read_text())
            if description["schema"] != SCHEMA:
                raise ValueError(f"trace: {place} has schema {description['schema']}; this version reads {SCHEMA}")
            return place, description
    raise ValueError(f"trace: none in {path} (no trace.json); record one with --config.trace.every=1")


def load_step(trace_directory, step: int) -> dict[str, np.ndarray]:
    """One step's arrays by the names of FIELDS. Raises ValueError if the file is missing or damaged."""
    path = Path(trace_directory) / f"step_{step:06d}.npz"
    try:
        with np.load(path) as file:
            found = {name: file[name] for name in FIELDS if name in file.files or name not in LATER}
            return {"age": np.zeros_like(found["minibatch"])} | found  # in the first records no policy was older
    except FileNotFoundError:
        raise ValueError(f"trace: no step {step} in {trace_directory}; there are {steps(trace_directory)}") from None
    except Exception as error:  # numpy, zipfile and zlib each have their own for a torn file
        raise ValueError(f"trace: {path} is damaged: {error}") from error
