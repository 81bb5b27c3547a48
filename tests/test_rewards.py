"""Rewards from verdicts: the three conventions, and DAPO's overlong shaping in tokens."""

import numpy as np
import pytest

from kpo_jax.tasks.rewards import RewardConfig, overlong_shaping, score
from kpo_jax.verifier import verify

ANSWERS = ["0.5", "0.5", "0.5", "0.5", "0.5"]
RESPONSES = ["\\boxed{0.5}", "\\boxed{ $0.5$ }", "\\boxed{\\frac12}", "\\boxed{0.6}", "0.5"]
VERDICTS = [verify(response, answer) for response, answer in zip(RESPONSES, ANSWERS, strict=True)]
LENGTHS = np.array([5, 5, 5, 5, 5])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("correct", [1, 1, 1, 0, 0]),
        ("exact", [1, 1, 0, 0, 0]),  # \frac12 is right, but not the same string
        ("plus_minus_one", [1, 1, 1, -1, -1]),
    ],
)
def test_conventions(kind, expected):
    reward = score(VERDICTS, ANSWERS, LENGTHS, 10, RewardConfig(kind))
    assert reward.dtype == np.float32 and reward.shape == (5,)
    np.testing.assert_array_equal(reward, np.array(expected, np.float32))


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("007", "7", True),
        ("1,000", "1000", True),
        ("\\dfrac{1}{2}", "\\frac{1}{2}", True),
        ("\\left( 3, 4 \\right)", "(3,4)", True),
        ("2x+1", "2 x + 1", True),
        ("2/4", "1/2", False),
        ("1+2x", "2x+1", False),
        ("a b", "ab", False),
        ("1 2", "12", False),
    ],
)
def test_exact_match_normalises_notation_only(answer, reference, same):
    verdict = verify(f"\\boxed{{{answer}}}", reference)
    assert score([verdict], [reference], np.array([1]), 10, RewardConfig("exact"))[0] == same


def test_overlong_shaping_is_linear_in_tokens_over_the_buffer():
    """By hand: limit 100, buffer 20: free up to 80, half the penalty at 90, all of it at 100."""
    lengths = np.array([0, 1, 79, 80, 81, 90, 99, 100])
    expected = np.array([0, 0, 0, 0, -0.05, -0.5, -0.95, -1.0], np.float32)
    np.testing.assert_allclose(overlong_shaping(lengths, 100, RewardConfig(overlong_buffer=20)), expected, atol=1e-6)
    doubled = overlong_shaping(lengths, 100, RewardConfig(overlong_buffer=20, overlong_penalty=2.0))
    np.testing.assert_allclose(doubled, 2 * expected, atol=1e-6)


def test_overlong_shaping_adds_to_every_convention():
    lengths = np.array([100, 80, 90, 90, 100])
    config = RewardConfig("plus_minus_one", overlong_buffer=20)
    np.testing.assert_allclose(score(VERDICTS, ANSWERS, lengths, 100, config), [0, 1, 0.5, -1.5, -2], atol=1e-6)


def test_overlong_shaping_is_off_by_default():
    np.testing.assert_array_equal(overlong_shaping(np.array([1, 10**6]), 100, RewardConfig()), [0, 0])


@pytest.mark.parametrize("fields", [{"kind": "Correct"}, {"overlong_buffer": -1}, {"overlong_penalty": -0.5}])
def test_bad_configurations(fields):
    with pytest.raises(ValueError, match="RewardConfig: "):
        RewardConfig(**fields)


def test_rows_that_do_not_match():
    with pytest.raises(ValueError, match="5 verdicts, 4 answers, 5 lengths"):
        score(VERDICTS, ANSWERS[:4], LENGTHS, 10, RewardConfig())
    with pytest.raises(ValueError, match="it must not be longer"):
        score(VERDICTS, ANSWERS, LENGTHS, 10, RewardConfig(overlong_buffer=11))
