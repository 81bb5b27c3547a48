"""The A/A noise floor: the same computation has none, another one has some, and methods clip it by their own bands."""

import dataclasses
import json

import jax
import numpy as np
import pytest
from test_trace import build, small

from kpo_jax.algorithm.methods import METHODS
from kpo_jax.commands import noise
from kpo_jax.filters import FILTERS
from kpo_jax.model.shapes import PackShape, pack_shape
from kpo_jax.training.step import collect, pack_minibatches


@pytest.fixture(scope="module")
def setting():
    config = small("kpo_weak", rollout__prompts_per_step=8, learner__microbatch_tokens=112)
    inputs, programs = build(config)
    return config, inputs, programs, programs.init(jax.random.key(0)).params


@pytest.fixture(scope="module")
def measured(setting):
    config, inputs, programs, params = setting
    result = collect(config, inputs, programs, params, 1)
    minibatches = [rows for rows, _, _ in pack_minibatches(config, programs, result.rows)]
    scores = noise.variations(config, programs, params, minibatches, inputs.train.prompt_length)
    of_filter = {METHODS[name].filter.name: name for name in reversed(METHODS)}  # the first method of each filter
    algorithms = {name: METHODS[name] for name in ("kpo_weak", *of_filter.values())}
    tight = dataclasses.replace(METHODS["grpo"].objective, clip_low=1e-9, clip_high=1e-9)
    algorithms["tight"] = dataclasses.replace(METHODS["grpo"], objective=tight)
    return (
        minibatches,
        scores,
        {(line["variation"], line["method"]): line for line in noise.measure(algorithms, minibatches, scores)},
    )


def test_the_same_computation_has_no_noise_in_any_filter(measured):
    _, _, of = measured
    methods = {method for _, method in of}
    assert {METHODS[method].filter.name for method in methods - {"tight"}} == set(FILTERS) and "kpo_released" in methods
    for method in methods:
        line = of["the same again", method]
        assert line["z_sd"] == line["z_abs_max"] == line["z_not_zero"] == line["log_ratio_sd"] == 0
        assert line["clipped_fraction"] == line["saturated_fraction"] == line["not_finite_fraction"] == 0
        # control: with other numbers every filter has something to pass on
        assert of["bfloat16", method]["log_ratio_sd"] > 0


def test_the_released_filter_is_the_exact_one_until_it_breaks(measured):
    """Its noise floor is that of kpo_weak on short responses; on 900 tokens it has one of its own, and that is
    counted.
    """
    minibatches, scores, of = measured
    for name in scores:
        if name != "as trained":
            released, exact = of[name, "kpo_released"], of[name, "kpo_weak"]
            assert released["log_ratio_sd"] == pytest.approx(exact["log_ratio_sd"], rel=1e-3)
            assert released["clipped_fraction"] == pytest.approx(exact["clipped_fraction"], abs=2e-3)
    rows, length = minibatches[0] | {"response_mask": np.ones((len(minibatches[0]["tokens"]), 900), bool)}, 900
    base = np.zeros((len(rows["tokens"]), length), np.float32)
    rows["sampler_log_prob"] = base
    algorithms = {name: METHODS[name] for name in ("kpo_released", "kpo_weak")}
    released, exact = noise.measure(algorithms, [rows], {"as trained": [base], "other": [base + np.float32(1e-3)]})
    assert (
        released["not_finite_fraction"] == pytest.approx(1 - 871 / 900, abs=1e-3) and exact["not_finite_fraction"] == 0
    )
    assert "Not finite\n\n| method       | other |" in noise.tables([released, exact])


def test_other_shapes_and_dtypes_have(measured):
    minibatches, scores, of = measured
    assert list(scores)[:2] == ["as trained", "the same again"] and list(scores)[-2:] == ["bfloat16", "the sampler"]
    assert 0 < of["a row per sequence", "grpo"]["z_abs_max"] < 1e-5 < 1e-4 < of["bfloat16", "grpo"]["z_abs_max"] < 0.1
    assert 0 < of["the sampler", "grpo"]["z_abs_max"] < 1e-3
    # by hand: z, and what a band clips of it
    z, advantage = [], []
    for rows, base, other in zip(minibatches, scores["as trained"], scores["bfloat16"], strict=True):
        mask = rows["response_mask"]
        z.append((other - base)[mask])
        advantage.append(np.broadcast_to(rows["advantage"][:, None], mask.shape)[mask])
    z, advantage = np.concatenate(z), np.concatenate(advantage)
    line = of["bfloat16", "grpo"]
    assert (
        line["tokens"] == len(z)
        and line["z_sd"] == pytest.approx(z.std(dtype=float))
        and line["tokens_with_advantage"] == (advantage != 0).sum()
    )
    assert line["clipped_fraction"] == 0  # the band of 0.2
    ratio = np.exp(z)
    expected = np.where(advantage > 0, ratio > np.float32(1 + 1e-9), ratio < np.float32(1 - 1e-9))
    assert of["bfloat16", "tight"]["clipped_fraction"] == pytest.approx(expected[advantage != 0].mean(), abs=0.01)
    assert 0.2 < expected.mean() < 0.8
    assert of["bfloat16", "kpo_weak"]["log_ratio_sd"] < line["z_sd"]
    assert of["bfloat16", "is_kpo_calibrated"]["saturated_fraction"] > 0  # whose threshold follows any noise
    text = noise.tables(list(of.values()))
    assert (
        "| the same again " in text
        and "Saturated\n" in text
        and "| grpo " not in text.split("Saturated")[0].split("Clipped")[1]
    )


def test_other_shapes_of_a_minibatch():
    shape = PackShape(microbatches=1, rows=8, length=64, responses=24, sequences=16, sequences_per_row=8, shared=1)
    assert shape == pack_shape(16, 20, 12, group_size=1, microbatch_tokens=0, device_rows=1)
    others = noise.other_shapes(shape, 16, 20, 12, device_rows=1)
    assert others["half the microbatch"].rows == 4 and others["half the microbatch"].microbatches == 2
    assert others["a row per sequence"] == PackShape(1, 16, 32, 12, 16, 1, 1)
    alone = PackShape(16, 1, 32, 12, 1, 1, 1)
    assert "a row per sequence" not in noise.other_shapes(alone, 16, 20, 12, device_rows=1)


def test_the_command_writes_what_it_prints(setting, tmp_path, monkeypatch):
    config, inputs, programs, params = setting
    monkeypatch.setattr(noise, "METHODS", {"kpo_weak": METHODS["kpo_weak"]})
    text = noise.run(config, inputs, programs, params, 0, str(tmp_path))
    assert (tmp_path / "noise" / "step_000000.md").read_text() == text + "\n"
    lines = [json.loads(line) for line in (tmp_path / "noise" / "step_000000.jsonl").read_text().splitlines()]
    assert {line["method"] for line in lines} == {"kpo_weak", "this run"}  # whose advantage is not the method's
    assert config.algorithm.filter.parameters["masked"] == "hold"
    # everything is a function of the weights, the seed and the step
    assert noise.run(config, inputs, programs, params, 0, str(tmp_path)) == text
