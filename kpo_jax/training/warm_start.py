"""A short supervised stage on worked demonstrations, so that the tiny policy has something to be rewarded for."""

import collections

import jax
import numpy as np

from kpo_jax.config import Config, LearnerConfig
from kpo_jax.model.packing import make_batch, pack
from kpo_jax.model.shapes import pack_shape
from kpo_jax.recording.metrics import to_host
from kpo_jax.recording.terminal import Progress, phase
from kpo_jax.runtime import distributed, preemption
from kpo_jax.runtime.sharding import put_microbatches, state_shardings
from kpo_jax.training.learner import init_state, loss_of_demonstrations, make_optimizer, make_step

STEPS_UNDER_WAY = 2  # that keeps the devices busy; several CPU devices deadlock over many (see runtime/cpu.py)


def demonstration_rows(
    problems, prompt_ids, tokenizer, *, demonstration, rng, batch_size, error_rate, prompt_length, response_length
) -> dict:
    """Rows of a supervised batch: tokens [B, P + T], prompt_length [B], response_mask [B, T]; responses end with
    end-of-text. `demonstration` is that of a Task.

    A demonstration longer than T is cut, so that its end-of-text token is not learnt at a wrong place.
    """
    chosen = rng.integers(len(problems), size=batch_size)
    tokens = np.full((batch_size, prompt_length + response_length), tokenizer.pad_id, np.int32)
    mask = np.zeros((batch_size, response_length), bool)
    lengths = np.zeros(batch_size, np.int32)
    for row, index in enumerate(chosen):
        prompt = prompt_ids[index]
        response = [*tokenizer.encode(demonstration(problems[index], rng, error_rate)), tokenizer.eos_ids[0]]
        response = response[:response_length]
        tokens[row, : len(prompt)] = prompt
        tokens[row, len(prompt) : len(prompt) + len(response)] = response
        mask[row, : len(response)] = True
        lengths[row] = len(prompt)
    return dict(tokens=tokens, prompt_length=lengths, response_mask=mask)


def warm_start(params, problems, prompt_ids, tokenizer, *, demonstration, config: Config, mesh, prompt_length):
    """Parameters after `config.warm_start.num_steps` supervised steps; a pure function of (config, seed).

    Raises preemption.Interrupted if some process is asked to stop.
    """
    stage, response_length = config.warm_start, config.sampler.max_response_length
    learner = LearnerConfig(
        learning_rate=stage.learning_rate,
        warmup_steps=stage.warmup_steps,
        moments_on_host=config.learner.moments_on_host,
    )
    optimizer = make_optimizer(learner)
    shapes = jax.eval_shape(lambda p: init_state(p, optimizer), params)
    shardings = state_shardings(shapes, config.model, mesh, learner.moments_on_host)
    state = jax.jit(lambda p: init_state(p, optimizer), out_shardings=shardings)(params)
    supervised_step = make_step(loss_of_demonstrations(config.model), optimizer, shardings, mesh, learner)
    shape = pack_shape(
        stage.batch_size,
        prompt_length,
        response_length,
        group_size=1,
        microbatch_tokens=config.learner.microbatch_tokens,
        device_rows=mesh.shape["data"] * mesh.shape["fsdp"],
        multiple=mesh.shape["sequence"],
    )
    progress, under_way = Progress("warm start", 0, stage.num_steps), collections.deque()
    phase("warm start")
    for step in range(stage.num_steps):
        rows = demonstration_rows(
            problems,
            prompt_ids,
            tokenizer,
            demonstration=demonstration,
            rng=np.random.default_rng([config.seed, step]),
            batch_size=stage.batch_size,
            error_rate=stage.error_rate,
            prompt_length=prompt_length,
            response_length=response_length,
        )
        batch = make_batch(rows, *pack(rows, shape))
        state, metrics, _ = supervised_step(state, put_microbatches(mesh, batch))
        under_way.append(metrics)
        if len(under_way) > STEPS_UNDER_WAY:
            jax.block_until_ready(under_way.popleft())
        progress.advance(step + 1)
        if (step + 1) % 20 == 0 or step + 1 == stage.num_steps:  # fetching every step would stall the device
            phase("warm start")
            progress.update(step + 1, [f"loss {to_host(metrics)['learner/loss']:.3f}"])
            if distributed.meet(f"step {step + 1} of the warm start"):
                raise preemption.Interrupted
    progress.close()
    return state.params
