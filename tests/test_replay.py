"""Replay: the recorded filter gives the record back to the bit, and what other filters would do is counted right."""

import dataclasses
import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from test_filters import EXAMPLES

from kpo_jax.algorithm.choices import (
    AlgorithmConfig,
    FilterConfig,
    ObjectiveConfig,
    build_filter,
    build_objective,
)
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.commands import grid, replay
from kpo_jax.filters import FILTERS, apply_filter
from kpo_jax.recording import trace
from kpo_jax.records import Batch, TokenTrace
from kpo_jax.report import noise_model

ROOT = Path(__file__).parents[1]
MICRO, B, T = 2, 4, 16
NARROW = ObjectiveConfig(clip_low=3e-4, clip_high=4e-4)


class Problem:
    id, answer = "p", "1"


class Verdict:
    correct, extracted = True, "1"


def config_of(ratio_filter) -> FilterConfig:
    name = next(name for name, cls in FILTERS.items() if type(ratio_filter) is cls)
    return FilterConfig(name=name, **dataclasses.asdict(ratio_filter))


def record(workdir, algorithm, steps=(1,), num_minibatches=2, microbatches=MICRO, seed=0):
    """A trace whose filter and objective ran inside one jitted function with what makes the log-ratio, as in
    training.
    """
    description = trace.describe(
        algorithm,
        method=None,
        rewards=["correct"],
        group_size=2,
        num_minibatches=num_minibatches,
        backend="cpu",
        jax="x",
    )
    writer = trace.TraceWriter(str(workdir), description, first_step=min(steps, default=1), every=1, max_bytes=2**24)
    ratio_filter, objective = build_filter(algorithm.filter), build_objective(algorithm.objective)

    @jax.jit
    def loss_sees(shift, batch):
        log_prob = batch.old_log_prob + shift
        log_ratio = jax.numpy.where(batch.response_mask, log_prob - batch.old_log_prob, 0.0)
        filtered = apply_filter(ratio_filter, log_ratio, batch.response_mask, algorithm.filter.gradient)
        out = objective(filtered.log_ratio, batch)
        return TokenTrace(log_prob, log_ratio, *filtered, out.clipped), out.loss

    rng = np.random.default_rng(seed)
    size = microbatches * B - 1  # one place of the last microbatch stays empty
    for step in steps:
        minibatches, traces = [], []
        for number in range(num_minibatches):
            lengths = rng.integers(1, T + 1, size)
            order = np.append(rng.permutation(size), -1).reshape(microbatches, B).astype(np.int32)
            mask = np.arange(T) < lengths[:, None]
            rows = dict(
                tokens=rng.integers(0, 9, (size, 3 + T)).astype(np.int32), prompt_length=np.full(size, 3),
                response_mask=mask,
                old_log_prob=np.where(mask, -rng.exponential(1, (size, T)), 0).astype(np.float32),
                sampler_log_prob=np.where(mask, -rng.exponential(1, (size, T)), 0).astype(np.float32),
                advantage=rng.choice([-1.0, 0.0, 0.7], size).astype(np.float32), reward=np.ones(size, np.float32),
            )  # fmt: skip
            shift = np.zeros((size, T)) if number == 0 and num_minibatches > 1 else 0.02 * rng.standard_t(2, (size, T))
            take = lambda x, order=order: np.where(
                (order >= 0).reshape(MICRO if len(order) == MICRO else 1, B, *(1,) * (x.ndim - 1)), x[order], 0
            )
            fields = {
                name: take(rows[name]).astype(rows[name].dtype)
                for name in ("response_mask", "old_log_prob", "sampler_log_prob", "advantage")
            }
            totals = dict(num_tokens=np.int32(mask.sum()), num_sequences=np.int32(size))
            parts = [
                loss_sees(
                    take(shift.astype(np.float32))[m],
                    Batch(packed=None, **{k: v[m] for k, v in fields.items()}, **totals),
                )[0]
                for m in range(microbatches)
            ]
            traces.append(TokenTrace(*(np.stack(x) for x in zip(*jax.device_get(parts), strict=True))))
            minibatches.append((rows, None, order))
        rows = num_minibatches * size
        arrays = trace.step_arrays(
            minibatches,
            traces,
            finished=np.ones(rows, bool),
            verdicts=[Verdict] * rows,
            scores={"correct": np.zeros(rows)},
            problems=[Problem] * (rows // size * size),
            age=0,
        )
        writer.write(step, arrays)
    return workdir


@pytest.mark.parametrize("ratio_filter", EXAMPLES, ids=str)
def test_the_recorded_filter_gives_the_record_to_the_bit(ratio_filter, tmp_path, full_optimization):
    microbatches = 1 if ratio_filter.batch_coupled else MICRO  # as a configuration must have it
    algorithm = AlgorithmConfig(filter=config_of(ratio_filter), objective=NARROW)
    record(tmp_path, algorithm, microbatches=microbatches)
    directory, description = trace.load(str(tmp_path))
    step = trace.load_step(directory, 1)
    push = replay.make_push(replay.recorded_algorithm(description), weights=False)
    on_policy, off_policy = replay.minibatches(step, description)
    assert not on_policy.log_ratio.any() and off_policy.log_ratio.any()
    for minibatch in (on_policy, off_policy):
        outcome = push(minibatch)
        assert replay.differences(outcome, step, minibatch.number) == {}
    # negative controls: one token that the filter sees otherwise; one unit in the last place of one recorded number
    place = tuple(x[-1] for x in np.nonzero(off_policy.log_ratio))
    off_policy.log_ratio[place] *= 1.001
    assert set(replay.differences(push(off_policy), step, 1)) >= {"innovation"}
    for name, noticed in (("log_ratio", "log_ratio"), ("log_prob", "log_ratio"), ("gain", "gain")):
        changed = step | {name: step[name].copy()}
        changed[name][-1] = np.nextafter(changed[name][-1], np.float32(-9))
        assert set(replay.differences(outcome, changed, 1)) == {noticed}


def run(tmp_path, *grids):
    text = replay.run(str(tmp_path), str(tmp_path / "out"), list(grids))
    lines = [json.loads(line) for line in (tmp_path / "out" / "replay.jsonl").read_text().splitlines()]
    assert (tmp_path / "out" / "replay.md").read_text() == text + "\n"
    return text, {(line.get("filter"), line["slice"]): line for line in lines}


def test_a_trace_of_two_shapes_of_microbatches_replays(tmp_path):
    """As of a run that went on with fewer devices: each step in its own shape, and one of a record of before in that of
    the description.
    """
    algorithm = AlgorithmConfig(filter=FilterConfig(name="kalman", process_var=1e-4, measurement_var=1e-4))
    for step, microbatches in ((1, MICRO), (2, 1)):
        record(tmp_path, algorithm, steps=(step,), microbatches=microbatches)
    directory, description = trace.load(str(tmp_path))
    push = replay.make_push(replay.recorded_algorithm(description), weights=False)
    for number, microbatches in ((1, MICRO), (2, 1)):
        step = trace.load_step(directory, number)
        for minibatch in replay.minibatches(step, description):
            assert minibatch.log_ratio.shape == (microbatches, B, T)
            assert replay.differences(push(minibatch), step, minibatch.number) == {}
        del step["microbatch_shape"]
        again = replay.minibatches(step, description | {"microbatch_shape": [microbatches, B, T]})[-1]
        np.testing.assert_array_equal(again.log_ratio, minibatch.log_ratio)
    with pytest.raises(IndexError):  # the control: in the shape of another step there is no place for all rows
        replay.minibatches(trace.load_step(directory, 1) | {"microbatch_shape": minibatch.log_ratio.shape}, description)


def test_shares_are_those_of_the_tokens(tmp_path):
    saturated = FilterConfig(name="saturated_kalman", process_var=1e-4, measurement_var=1e-4, kappa=2.0)
    record(tmp_path, AlgorithmConfig(filter=saturated, objective=NARROW), steps=(1, 2))
    text, of = run(tmp_path, "identity:clip_low=0.02:clip_high=0.03", "kalman:process_var=1e-6,1e-2:measurement_var=1")
    assert "to the bit" in text
    steps = [trace.load_step(tmp_path / "trace", step) for step in (1, 2)]
    every = {
        name: np.concatenate([step[name] for step in steps])
        for name, (per, _, _) in trace.FIELDS.items()
        if per == "token"
    }
    number = np.concatenate([np.repeat(step["minibatch"], np.diff(step["offsets"])) for step in steps])
    position = np.concatenate([np.concatenate([np.arange(n) for n in np.diff(step["offsets"])]) for step in steps])
    off = number == 1
    chosen = {
        "all": off | True, "off_policy": off, "minibatch_0": ~off, "minibatch_1": off,
        "position_3": off & (position // 2 == 3), "positive": off & (every["advantage"] > 0),
        "negative": off & (every["advantage"] < 0), "no_advantage": off & (every["advantage"] == 0),
    }  # fmt: skip
    for name, which in chosen.items():
        line = of["recorded", name]
        assert line["tokens"] == which.sum()
        for field in ("saturated", "clipped"):
            assert line[field] == every[field][which].sum() and line[f"{field}_fraction"] == pytest.approx(
                every[field][which].mean()
            )
    assert of["recorded", "off_policy"]["saturated"] > 0 < of["recorded", "off_policy"]["clipped"]
    z = every["log_ratio"][off].astype(float)
    line = of["identity:clip_low=0.02:clip_high=0.03", "off_policy"]
    assert line["log_ratio_sd"] == pytest.approx(z.std()) and line["ratio_max"] == pytest.approx(math.exp(z.max()))
    assert line["ratio_q0.99"] == pytest.approx(math.exp(np.quantile(z, 0.99)))
    a = every["advantage"][off]
    expected = np.where(a > 0, z > math.log(1.03), (a < 0) & (z < math.log(0.98)))
    assert line["clipped"] == expected.sum() > 0
    weight = np.where(expected, 0, np.exp(z))[a != 0].mean()
    assert line["gradient_weight"] == pytest.approx(weight, rel=1e-5)
    fitted = of[None, "off_policy"]["maximum_likelihood"]
    reported = noise_model.fit(str(tmp_path))  # the same log-ratios, read without their places in a batch
    assert reported.estimate.var_ratio == pytest.approx(fitted["var_ratio"], rel=1e-6)
    assert reported.white.p_value == pytest.approx(fitted["whiteness_p"])
    assert noise_model.fit(str(tmp_path / "nowhere")) is None
    figures = of["recorded", "off_policy"]
    d = every["innovation"][off].astype(float)
    assert figures["regime_length"] == pytest.approx(off.sum() / (2 * (MICRO * B - 1)))  # Q/V is 1
    assert figures["regime_innovation_abs_max"] == pytest.approx(np.abs(d).max() / z.std())
    assert figures["regime_threshold"] == pytest.approx(2 * every["innovation_std"][off].mean() / z.std(), rel=1e-5)
    assert figures["regime_band"] == pytest.approx(3.5e-4 / every["filtered_log_ratio"][off].astype(float).std())
    assert figures["regime_kurtosis"] == pytest.approx(((d - d.mean()) ** 4).mean() / d.var() ** 2)
    assert "The regime, off-policy" in text
    # over responses as short as these strong smoothing is no ratio at all, and is said to be none
    assert "THE NULL ON THESE DATA: kalman:process_var=1e-6:measurement_var=1. " in text
    assert "None of them is the null" in run(tmp_path, "grpo")[0]
    assert (
        fitted["num_tokens"] == off.sum() and fitted["measurement_var"] > fitted["process_var"]
    )  # the record's are independent
    assert f"V = {fitted['measurement_var']:.3g}" in text
    strong, weak = (of[f"kalman:process_var={q}:measurement_var=1", "off_policy"] for q in ("1e-6", "1e-2"))
    assert strong["log_ratio_sd"] < weak["log_ratio_sd"] < z.std() and strong["clipped"] < weak["clipped"]


def tables_of(text) -> dict[str, dict[str, list[str]]]:
    """{title: {filter: cells}} of the Markdown tables of a replay."""
    parts = [part.splitlines() for part in text.split("\n\n")]
    return {
        title[-1].split(" (")[0]: {
            name.strip(): [cell.strip() for cell in cells]
            for name, *cells in (row[1:-1].split("|") for row in rows[2:])
        }
        for title, rows in itertools.pairwise(parts)
        if rows[0].startswith("|")
    }


def test_nine_tables_are_recomputed_from_the_trace_with_numpy(tmp_path):
    """Saturated, clipped and gradient weight, by position, minibatch and sign: what the text says is what the record
    says.
    """
    filter_config = FilterConfig(name="saturated_kalman", process_var=1e-4, measurement_var=1e-4, kappa=2.0)
    record(tmp_path, AlgorithmConfig(filter=filter_config, objective=NARROW), steps=(1, 2), num_minibatches=3)
    text, _ = run(tmp_path, "kalman:process_var=1e-6:measurement_var=1")
    found = tables_of(text)
    steps = [np.load(tmp_path / "trace" / f"step_00000{i}.npz") for i in (1, 2)]
    of = lambda name: np.concatenate([step[name] for step in steps])
    number = np.concatenate([np.repeat(step["minibatch"], np.diff(step["offsets"])) for step in steps])
    position = np.concatenate([np.arange(n) for step in steps for n in np.diff(step["offsets"])])
    # the gradient passes the filter by, so a token weighs its ratio, and nothing where it is clipped
    weight = np.where(of("clipped"), 0, np.exp(of("filtered_log_ratio").astype(float)))
    off, sign = number > 0, np.sign(of("advantage"))
    groups = {
        "eighth of the response length": [off & (position // (T // 8) == i) for i in range(8)],
        "minibatch": [number == i for i in range(3)],
        "sign of the advantage": [off & (sign == s) for s in (1, -1, 0)],
    }
    figures = {
        "Saturated": lambda chosen: of("saturated")[chosen].mean(),
        "Clipped": lambda chosen: of("clipped")[chosen].mean(),
    }
    for by, chosen in groups.items():
        for title, figure in figures.items():
            shown = found[f"{title}, by {by}"]["recorded"]
            expected = [f"{figure(tokens):.2%}" for tokens in chosen]
            assert shown == expected and len(set(expected)) > 1
            assert shown != [
                f"{figure(tokens):.2%}" for tokens in chosen[1:] + chosen[:1]
            ]  # control: the next column's tokens
        shown = found[f"Effective gradient weight, by {by}"]["recorded"]
        weights = [weight[tokens & (sign != 0)] for tokens in chosen]
        assert [cell == "-" for cell in shown] == [len(w) == 0 for w in weights]
        expected = [w.mean() for w in weights if len(w)]
        np.testing.assert_allclose([float(cell) for cell in shown if cell != "-"], expected, rtol=2e-3)
        assert np.ptp(expected) > 0.02  # control: columns differ by more than the tolerance
    # the negative control of the whole: another filter has other figures, or none and then no row
    assert "kalman:process_var=1e-6:measurement_var=1" not in found["Saturated, by minibatch"]
    other = found["Effective gradient weight, by minibatch"]["kalman:process_var=1e-6:measurement_var=1"]
    assert other != found["Effective gradient weight, by minibatch"]["recorded"]


def test_what_no_filter_does_is_said(tmp_path):
    record(tmp_path, AlgorithmConfig(filter=FilterConfig(name="identity"), objective=NARROW))
    text, _ = run(tmp_path, "kalman:process_var=1e-6:measurement_var=1")
    for by in ("eighth of the response length", "minibatch", "sign of the advantage"):
        assert f"Saturated, by {by}: none by any filter" in text


def test_gradient_weights_through_a_filter(tmp_path):
    """Through a mean of n tokens every token has 1/n of the weight of each of n: the ratio; through a Kalman filter the
    gains add up.
    """
    record(
        tmp_path,
        AlgorithmConfig(filter=FilterConfig(name="identity"), objective=ObjectiveConfig(clip=False)),
        num_minibatches=1,
    )
    _, of = run(
        tmp_path,
        "sequence_mean:gradient=through_filter,straight_through:clip=false",
        "ema:gain=0.1:gradient=through_filter:clip=false",
    )
    through, straight = (
        of[f"sequence_mean:gradient={g}:clip=false", "off_policy"] for g in ("through_filter", "straight_through")
    )
    assert through["gradient_weight"] == pytest.approx(straight["gradient_weight"], rel=1e-3)
    assert of["ema:gain=0.1:gradient=through_filter:clip=false", "off_policy"]["gradient_weight"] < 0.8


def test_a_filter_that_measures_a_scale_sees_the_whole_minibatch(tmp_path):
    record(tmp_path, AlgorithmConfig(filter=FilterConfig(name="identity"), objective=NARROW))
    directory, description = trace.load(str(tmp_path))
    _, minibatch = replay.minibatches(trace.load_step(directory, 1), description)
    calibrated = METHODS["is_kpo_calibrated"]
    outcome = replay.make_push(calibrated)(minibatch)
    mask = minibatch.response_mask
    scale = 1.4826 * np.median(np.abs(minibatch.log_ratio[mask]))
    np.testing.assert_allclose(outcome.innovation_std[:, :, 0][mask[:, :, 0]], scale * math.sqrt(1.01), rtol=1e-5)
    one = np.abs(minibatch.log_ratio[0][mask[0]])  # negative control: a microbatch has another scale
    assert abs(1.4826 * np.median(one) / scale - 1) > 1e-3


def test_a_perturbed_record_is_told(tmp_path):
    record(
        tmp_path,
        AlgorithmConfig(filter=FilterConfig(name="kalman", process_var=1e-2, measurement_var=1.0), objective=NARROW),
    )
    path = tmp_path / "trace" / "step_000001.npz"
    step = trace.load_step(tmp_path / "trace", 1)
    step["filtered_log_ratio"][-1] = np.nextafter(step["filtered_log_ratio"][-1], np.float32(9))
    np.savez_compressed(path, **step)
    text, _ = run(tmp_path, "recorded:measurement_var=2")
    assert "GIVES OTHER VALUES" in text and "filtered_log_ratio of 1 (by at most" in text


def test_an_on_policy_record_has_no_noise_to_estimate(tmp_path):
    record(tmp_path, AlgorithmConfig(filter=FilterConfig(name="identity"), objective=NARROW))
    directory, description = trace.load(str(tmp_path))
    on_policy, off_policy = replay.minibatches(trace.load_step(directory, 1), description)
    assert replay.fit([on_policy])[0] is None and "every valid log-ratio is 0" in replay.fit([on_policy])[1]
    assert replay.fit([on_policy, off_policy])[0]["num_tokens"] == off_policy.response_mask.sum()


def test_a_filter_that_breaks_is_counted(tmp_path):
    record(tmp_path, AlgorithmConfig(filter=FilterConfig(name="identity"), objective=NARROW))
    text, of = run(tmp_path, "kpo_released:process_var=1e30:measurement_var=1e-30")
    line = of["kpo_released:process_var=1e30:measurement_var=1e-30", "off_policy"]
    assert line["not_finite"] > 0 and line["gain"] is None and "tokens not finite" in text


RECORDED = AlgorithmConfig(filter=FilterConfig(name="kalman", process_var=1e-6, measurement_var=1.0), objective=NARROW)


def test_grids_are_all_combinations():
    found = grid.parse("is_kpo_weak:kappa=1,2:measurement_var=1,0.1:clip_high=0.28", RECORDED)
    assert [c.label for c in found] == [
        f"is_kpo_weak:kappa={k}:measurement_var={v}:clip_high=0.28" for k in ("1", "2") for v in ("1", "0.1")
    ]
    changed = METHODS["is_kpo_weak"].filter.parameters | {"kappa": 2.0, "measurement_var": 0.1}
    assert found[-1].algorithm.filter == FilterConfig("saturated_kalman", parameters=changed)

    def first(line):
        return grid.parse(line, RECORDED)[0].algorithm

    assert found[0].algorithm.objective.parameters == NARROW.parameters | {"clip_high": 0.28}
    assert first("kalman:process_var=1:measurement_var=1").objective == NARROW
    assert first("recorded:process_var=inf").filter.parameters["process_var"] == math.inf
    assert first("cispo") == METHODS["cispo"]
    assert first("recorded:objective=sapo").objective == ObjectiveConfig("sapo")
    assert first("iterated:process_var=1:measurement_var=1:iterations=2").filter.parameters["iterations"] == 2


WRONG = [
    ("kalmann", "no method or filter 'kalmann'; did you mean kalman?"),
    ("kalman:process_va=1", "'process_va' is no field of this filter or objective; did you mean process_var?"),
    ("kalman:process_var=a:measurement_var=1", "process_var: 'a' is not a float"),
    ("kalman:process_var=1", "measurement_var: required by 'kalman'"),
    ("kalman:process_var=-1:measurement_var=1", "process_var: -1.0 is not"),
    ("identity:kappa=3", "'kappa' is no field of this filter or objective"),
    ("identity:clip=maybe", "clip: 'maybe' is not a bool"),
    ("identity:clip_low", "clip_low needs a list of values"),
    ("identity:clip_low=1:clip_low=2", "clip_low needs one list of values"),
    ("identity:gradient=none", "gradient: 'none' is not one of straight_through, through_filter"),
    ("identity:objective=ppo", "'ppo' is not one of clipped, "),
    ("", "no method or filter ''"),
]


@pytest.mark.parametrize(("line", "message"), WRONG)
def test_what_is_no_grid_is_one_line(line, message):
    with pytest.raises(ValueError) as error:
        grid.parse(line, RECORDED)
    assert (
        message in str(error.value) and "\n" not in str(error.value) and str(error.value).startswith(f"--grid={line}: ")
    )


def main(*arguments):
    command = [sys.executable, "-m", "kpo_jax.main", *arguments]  # compiled as what recorded in this process was
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)


def test_the_mode_and_its_flags(tmp_path):
    record(tmp_path, RECORDED)
    grids = ["--grid=identity", "--grid=kalman:process_var=1e-2:measurement_var=1"]
    result = main("--mode=replay", f"--trace={tmp_path}", f"--workdir={tmp_path / 'out'}", *grids)
    assert result.returncode == 0, result.stderr
    assert "to the bit" in result.stdout and "| kalman:process_var=1e-2:measurement_var=1 " in result.stdout
    wrong = main("--mode=replay", "--config=configs/tiny.py", "--grid=x", "--runs=a", f"--workdir={tmp_path / 'none'}")
    assert wrong.returncode == 64 and [line.partition(":")[0] for line in wrong.stderr.splitlines()] == ["error"] * 3
    assert "--trace: required" in wrong.stderr and "--config: not with --mode=replay" in wrong.stderr
    assert not (tmp_path / "none").exists()


def test_what_is_no_trace_is_one_line_of_exit_64(tmp_path):
    with pytest.raises(ValueError, match="no trace"):
        replay.run(str(tmp_path), str(tmp_path / "out"), [])
    record(tmp_path, RECORDED, steps=())
    with pytest.raises(ValueError, match="holds no step yet"):
        replay.run(str(tmp_path), str(tmp_path / "out"), [])
    description = json.loads((tmp_path / "trace" / "trace.json").read_text())
    with pytest.raises(ValueError, match="not one of this version"):
        replay.recorded_algorithm(description | {"filter": {"name": "kalman", "process_var": 1.0, "knob": 1}})


@pytest.mark.parametrize("name", ["icepop", "opsm", "kpo_weak"])
def test_a_trace_says_which_tokens_a_rejection_leaves_out(name):
    about = dict(method=name, rewards=["correct"], group_size=2, num_minibatches=1)
    description = json.loads(json.dumps(trace.describe(METHODS[name], **about)))
    found = replay.recorded_algorithm(description)
    assert found.rejection == METHODS[name].rejection and found.objective == METHODS[name].objective
    del description["rejection"]  # as of a trace that was written before
    assert replay.recorded_algorithm(description).rejection.criterion == ""
