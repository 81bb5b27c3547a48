"""Dynamic sampling by hand: which groups stay, which prompts come next, when it gives up, what is reported."""

import numpy as np
import pytest

from kpo_jax.tasks.prompts import extra_prompts, prompt_order
from kpo_jax.tasks.rewards import Graded
from kpo_jax.training.dynamic_sampling import NotFull, fill, mixed_groups
from kpo_jax.training.rollout import Rollout, summary

# Three generation batches of three groups of two; right is what earns more than 0. In the second batch no group is
# mixed, but two have rewards that differ, by length.
REWARDS = [[1, 1, 0, 1, 0, 0], [0, -0.5, -0.5, -0.5, 1, 0.5], [1, 0, 0, 0, -0.25, 0.5]]


def make_rollout(number):
    reward = np.array(REWARDS[number], np.float32)
    rows = np.arange(6) + 6 * number
    return Rollout(
        rows=dict(reward=reward, tokens=np.stack([rows, rows], axis=1), response_mask=np.ones((6, 4), bool)),
        finished=rows % 2 == 0,
        texts=[f"response {row}" for row in rows],
        graded={
            "correct": [Graded(float(r), bool(r > 0), str(r), "") for r in reward],
            "form": [Graded(row, False, None, "") for row in rows],
        },
        scores={"correct": reward, "form": rows.astype(np.float32)},
        problems=[f"problem {3 * number + group}" for group in range(3)],
    )


def test_groups_are_kept_in_the_order_they_were_drawn():
    calls = []
    result = fill(lambda n: calls.append(n) or make_rollout(n), num_groups=2, group_size=2, max_batches=10)
    assert calls == [0, 1, 2]  # and no further: two mixed groups are there
    np.testing.assert_array_equal(result.rows["reward"], [0, 1, 1, 0])
    np.testing.assert_array_equal(result.rows["tokens"][:, 0], [2, 3, 12, 13])
    assert result.texts == ["response 2", "response 3", "response 12", "response 13"]
    assert [v.correct for v in result.verdicts] == [False, True, True, False]
    assert [one.score for one in result.graded["form"]] == result.scores["form"].tolist() == [2, 3, 12, 13]
    assert result.problems == ["problem 1", "problem 6"]
    np.testing.assert_array_equal(result.finished, [True, False, True, False])
    np.testing.assert_array_equal(result.generated.rows["reward"], np.concatenate(REWARDS))


def test_one_batch_is_enough_where_it_holds_the_groups():
    calls = []
    result = fill(lambda n: calls.append(n) or make_rollout(n), num_groups=1, group_size=2, max_batches=1)
    assert calls == [0] and result.texts == ["response 2", "response 3"]


def test_what_is_reported_is_of_all_that_was_drawn():
    result = fill(make_rollout, num_groups=2, group_size=2, max_batches=10)
    # batches are of three prompts here, so two groups make 9 / 2 batches: give it a step of three
    whole = fill(make_rollout, num_groups=3, group_size=2, max_batches=10)
    scalars = summary(whole, 2)
    assert (
        scalars["rollout/generation_batches"],
        scalars["rollout/groups_dropped"],
        scalars["rollout/groups_surplus"],
    ) == (3, 6, 0)
    assert scalars["rollout/reward_mean"] == pytest.approx(np.mean(REWARDS)) and scalars[
        "rollout/uniform_groups"
    ] == pytest.approx(4 / 9)  # by rewards, which is not what drops a group
    assert summary(result, 2)["rollout/groups_surplus"] == 1
    plain = summary(make_rollout(0), 2)
    assert "rollout/groups_dropped" not in plain and plain["rollout/reward_mean"] == pytest.approx(0.5)  # control


def test_it_gives_up_with_one_line_that_says_what_was_found():
    with pytest.raises(NotFull) as error:
        fill(make_rollout, num_groups=3, group_size=2, max_batches=2)
    line = str(error.value)
    assert line.startswith(
        "dynamic sampling: 1 of the 3 groups of a batch after 2 generation batches (algorithm.dynamic_sampling); of "
    )
    assert "\n" not in line and "of the 5 groups dropped 2 are all right, the others all wrong" in line


def test_groups_are_mixed_by_verdict_whatever_the_rewards():
    np.testing.assert_array_equal(mixed_groups(make_rollout(0), 2), [False, True, False])
    np.testing.assert_array_equal(mixed_groups(make_rollout(1), 2), [False] * 3)  # though rewards differ in two
    assert not mixed_groups(make_rollout(0), 1).any()


def test_extra_prompts_go_through_all_other_problems_before_any_comes_again():
    for step in (0, 1, 7):
        own = prompt_order(3, step, 20, 4)
        batches = [extra_prompts(3, step, batch, 20, 4) for batch in range(1, 12)]
        assert sorted(np.concatenate([own, *batches[:4]])) == list(range(20))
        assert sorted(np.concatenate(batches[4:9])) == list(range(20))  # then all, again and again
        np.testing.assert_array_equal(batches[4], batches[9])
        np.testing.assert_array_equal(
            extra_prompts(3, step, 2, 20, 4), batches[1]
        )  # a pure function, whatever was asked before
    assert np.any(extra_prompts(3, 0, 1, 20, 4) != extra_prompts(3, 1, 1, 20, 4))
    assert np.any(extra_prompts(3, 0, 1, 20, 4) != extra_prompts(4, 0, 1, 20, 4))
    with pytest.raises(ValueError, match="generation batch 0: it must be at least 1"):
        extra_prompts(0, 0, 0, 20, 4)


def test_extra_prompts_of_a_set_no_larger_than_a_step():
    assert sorted(extra_prompts(0, 0, 1, 4, 4)) == [0, 1, 2, 3]
    assert sorted(extra_prompts(0, 2, 5, 1, 1)) == [0]
