"""The programs of a run compiled beside its work, in threads, in the order of their first use."""

from typing import NamedTuple

import jax
import numpy as np

from kpo_jax.algorithm import diagnostics
from kpo_jax.config import Config
from kpo_jax.model.packing import make_batch, pack
from kpo_jax.model.shapes import PackShape
from kpo_jax.records import Batch
from kpo_jax.runtime import distributed
from kpo_jax.runtime.ahead import Ahead, like
from kpo_jax.runtime.sharding import localized, microbatch_sharding, param_specs, replicated
from kpo_jax.sampling.programs import Programs as SamplerPrograms
from kpo_jax.sampling.shapes import plan
from kpo_jax.training.inputs import Inputs
from kpo_jax.training.setup import Programs


def compile_ahead(config: Config, inputs: Inputs, programs: Programs, ahead: Ahead, traced: bool) -> None:
    """Hand in what evaluations, rollouts, scoring and updates (`traced` or not) run, for the shapes that they have.

    How many programs there are follows from the configuration and the sizes of the sets.
    """
    rollout, held_out = config.rollout, config.eval
    for one in inputs.eval_sets:
        numbers = Numbers(len(one.problems), held_out.prompts_per_call, held_out.num_samples, one.prompt_length)
        _compile_sampler(config, programs, ahead, programs.eval_sampling, numbers)
    prompt_length = inputs.train.prompt_length
    numbers = Numbers(rollout.prompts_per_step, rollout.prompts_at_once, rollout.group_size, prompt_length)
    _compile_sampler(config, programs, ahead, programs.sampling, numbers)
    state = like(programs.shapes, programs.shardings)
    batch = like(batch_shapes(programs.pack_shape, config, prompt_length), microbatch_sharding(programs.mesh))
    if programs.baseline_step is not None:
        ahead.compile(programs.baseline_step, state.network, batch.packed)
    if programs.baseline_step is None or config.algorithm.kl.has_reference:
        ahead.compile(programs.score_step, state.network, batch.packed)
    if programs.value_step is not None:
        ahead.compile(programs.value_step, state.whole_critic.network, batch.packed)
    ahead.compile(programs.traced_step if traced else programs.train_step, state, batch)
    if programs.critic_step is not None:
        ahead.compile(programs.critic_step, state.whole_critic, batch)
    measured = like(jax.eval_shape(diagnostics.init), replicated(programs.mesh))
    ahead.compile(programs.summarize, measured)


class Numbers(NamedTuple):
    """What a call of a sampler is given over all processes: prompts, prompts in the batch at once, samples of each, and
    tokens of a prompt.
    """

    prompts: int
    at_once: int
    group_size: int
    prompt_length: int


def _compile_sampler(config: Config, programs: Programs, ahead: Ahead, sampling: SamplerPrograms, numbers: Numbers):
    """Hand in the programs of a sampler for a call of which each process samples its share."""
    share = distributed.share(numbers.prompts)
    how = plan(
        share.stop - share.start,
        numbers.at_once // distributed.num_processes(),
        numbers.group_size,
        numbers.prompt_length,
        sampling.sample_config.max_response_length,
        sampling.device_rows,
    )
    dtype = sampling.sample_config.moved_dtype(config.model)
    params = localized(programs.shapes.network, param_specs(config.model), programs.mesh, sampling.mesh, dtype)
    sampling.compile_ahead(ahead, how, params, jax.random.key(0))


def batch_shapes(shape: PackShape, config: Config, prompt_length: int) -> Batch:
    """The Batch of an update as shapes: one short sequence packed into the arrays of all."""
    columns = config.sampler.max_response_length
    length = prompt_length + columns
    scalar, token = np.zeros(1, np.float32), np.zeros((1, columns), np.float32)
    further = dict(reference_log_prob=token) if config.algorithm.kl.has_reference else {}
    if config.algorithm.has_critic:
        further |= dict(old_value=token, returns=token)
    rows = dict(
        tokens=np.zeros((1, length), np.int32), prompt_length=np.ones(1, np.int32),
        response_mask=np.arange(columns)[None] < 1, old_log_prob=token, sampler_log_prob=token,
        advantage=token if config.algorithm.has_token_advantage else scalar,
        reward=scalar, **further,
    )  # fmt: skip
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), make_batch(rows, *pack(rows, shape)))
