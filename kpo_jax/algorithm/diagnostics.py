"""What the filter, the ratios, the clip and the policy did on a batch: pure, and exact over microbatches.

`measure` a microbatch, `merge` the results in any order and grouping, `summarize` once. Sums add, maxima take the
maximum, counts are integers and add, moments merge, so the summary of a whole is that of its parts. Only valid tokens
count.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from kpo_jax import masked
from kpo_jax.algorithm import null
from kpo_jax.algorithm.null import Distance
from kpo_jax.masked import Moments
from kpo_jax.objectives.kl import KL_ESTIMATES
from kpo_jax.records import Batch, TokenTrace

NUM_POSITIONS = 8
LARGEST_LOG_RATIO = 20.0  # squares of ratios still sum in float32; a ratio reported as e^20 is at least that


class RatioSums(NamedTuple):
    """Sums of ratios and of their squares, and the largest ratio; float32 []."""

    total: jax.Array
    squares: jax.Array
    largest: jax.Array


class ClipCounts(NamedTuple):
    """Tokens and clipped tokens; int32 [2] by the advantage's sign (positive, negative), int32 [8] by position."""

    by_sign: jax.Array
    tokens_by_sign: jax.Array
    by_position: jax.Array
    tokens_by_position: jax.Array


class Accumulator(NamedTuple):
    """Everything `summarize` needs; [] unless said. `*_sum` float32 sums over tokens, `num_*` int32 counts."""

    num_tokens: jax.Array
    num_sequences: jax.Array
    num_saturated: jax.Array
    num_clipped: jax.Array
    num_with_std: jax.Array
    innovation: Moments
    innovation_abs_max: jax.Array
    innovation_std_sum: jax.Array
    threshold_sum: jax.Array
    gain_sum: jax.Array
    gain_last_sum: jax.Array
    raw: RatioSums
    filtered: RatioSums
    clip: ClipCounts
    kl_sum: jax.Array
    log_prob_sum: jax.Array
    entropy_sum: jax.Array
    mismatch_sum: jax.Array
    mismatch_max: jax.Array
    mismatch_kl_sum: jax.Array
    reference_kl_sum: jax.Array  # [3]: k1, k2, k3
    null: Distance
    log_ratio: Moments
    filtered_log_ratio: Moments
    entropy_bonus: jax.Array  # the loss's, so a sum over the microbatches of one optimizer step; 0 without one


def init() -> Accumulator:
    """The measure of nothing: merging it changes nothing, so it starts a scan."""
    count, number = jnp.zeros((), jnp.int32), jnp.zeros((), jnp.float32)
    signs, positions = jnp.zeros(2, jnp.int32), jnp.zeros(NUM_POSITIONS, jnp.int32)
    ratios = RatioSums(number, number, number)
    return Accumulator(
        *(count,) * 5,
        masked.no_moments(),
        *(number,) * 5,
        ratios,
        ratios,
        ClipCounts(signs, signs, positions, positions),
        *(number,) * 6,
        jnp.zeros(len(KL_ESTIMATES), jnp.float32),
        null.nothing(),
        masked.no_moments(),
        masked.no_moments(),
        number,
    )


def measure(
    tokens: TokenTrace,
    entropy: jax.Array,
    batch: Batch,
    distance: Distance,
    *,
    kappa: float,
    reference_kl_sum: jax.Array | None = None,
    entropy_bonus: jax.Array | None = None,
) -> Accumulator:
    """Measure one microbatch.

    Args:
      tokens: what the loss saw and made of every token.
      entropy: [B, T] of the current policy, nats.
      batch: the mask, the advantage and the old log-probabilities of the trainer and of the sampler are read.
      distance: of the tokens' gradients from those of a ratio of 1, see `null.measure`.
      kappa: the filter's saturation threshold in innovation_std, inf if it has none; static.
      reference_kl_sum: [3], of objectives.kl.kl_penalty; None without a reference.
      entropy_bonus: [], what the entropies took off the loss; None without such a bonus.
    """
    mask = batch.response_mask
    has_std = mask & ~jnp.isinf(tokens.innovation_std)  # filters without a noise model expect inf
    innovation_std_sum = _sum(tokens.innovation_std, has_std)
    mismatch = batch.old_log_prob - batch.sampler_log_prob
    return Accumulator(
        num_tokens=masked.count(mask),
        num_sequences=masked.count(jnp.any(mask, axis=1)),
        num_saturated=masked.count(tokens.saturated & mask),
        num_clipped=masked.count(tokens.clipped & mask),
        num_with_std=masked.count(has_std),
        innovation=masked.moments(tokens.innovation, mask),
        innovation_abs_max=masked.maximum(jnp.abs(tokens.innovation), mask),
        innovation_std_sum=innovation_std_sum,
        threshold_sum=kappa * innovation_std_sum if math.isfinite(kappa) else jnp.zeros((), jnp.float32),
        gain_sum=_sum(tokens.gain, mask),
        gain_last_sum=_sum(tokens.gain, _last_valid(mask)),
        raw=_ratio_sums(tokens.log_ratio, mask),
        filtered=_ratio_sums(tokens.filtered_log_ratio, mask),
        clip=_clip_counts(tokens.clipped & mask, mask, masked.over_tokens(batch.advantage, mask)),
        kl_sum=_sum(_k3(tokens.log_ratio), mask),
        log_prob_sum=_sum(tokens.log_prob, mask),
        entropy_sum=_sum(entropy, mask),
        mismatch_sum=_sum(jnp.abs(mismatch), mask),
        mismatch_max=masked.maximum(jnp.abs(mismatch), mask),
        mismatch_kl_sum=_sum(_k3(mismatch), mask),
        reference_kl_sum=jnp.zeros(len(KL_ESTIMATES), jnp.float32) if reference_kl_sum is None else reference_kl_sum,
        null=distance,
        log_ratio=masked.moments(tokens.log_ratio, mask),
        filtered_log_ratio=masked.moments(tokens.filtered_log_ratio, mask),
        entropy_bonus=jnp.zeros((), jnp.float32) if entropy_bonus is None else entropy_bonus,
    )


def merge(a: Accumulator, b: Accumulator) -> Accumulator:
    """The measure of two microbatches together."""
    added = jax.tree.map(jnp.add, a, b)
    return added._replace(
        innovation=masked.merge_moments(a.innovation, b.innovation),
        log_ratio=masked.merge_moments(a.log_ratio, b.log_ratio),
        filtered_log_ratio=masked.merge_moments(a.filtered_log_ratio, b.filtered_log_ratio),
        innovation_abs_max=jnp.maximum(a.innovation_abs_max, b.innovation_abs_max),
        raw=added.raw._replace(largest=jnp.maximum(a.raw.largest, b.raw.largest)),
        filtered=added.filtered._replace(largest=jnp.maximum(a.filtered.largest, b.filtered.largest)),
        mismatch_max=jnp.maximum(a.mismatch_max, b.mismatch_max),
    )


def summarize(
    measured: Accumulator,
    *,
    kappa: float,
    has_reference: bool = False,
    var_ratio: float | None = None,
    band: float | None = None,
) -> dict[str, jax.Array]:
    """Named scalars, float32 or int32 []. A mean or fraction of nothing is 0, but see `null.figures`.

    `kappa` is the one measured with; filter/threshold, the mean of kappa * innovation_std, is there only if finite.
    Effective sample sizes (`_ess`) are fractions of the tokens. clip/fraction_positive is the clipped share of tokens
    with a positive advantage, clip/fraction_position_3 of those in the fourth eighth of the padded response length.
    With a var_ratio Q/V of the filter and half the width of the clip band (see `regime`) there are regime/length and
    regime/band.
    With a reference policy, policy/reference_k1 to k3 are the means of the estimates of the divergence from it.
    """
    mean = lambda total, number=measured.num_tokens: masked.divide(total, number)
    positive, negative = masked.divide(measured.clip.by_sign, measured.clip.tokens_by_sign)
    by_position = masked.divide(measured.clip.by_position, measured.clip.tokens_by_position)
    metrics = {
        "filter/innovation_kurtosis": masked.kurtosis(measured.innovation),
        "filter/innovation_abs_max": measured.innovation_abs_max,
        "filter/innovation_std_mean": mean(measured.innovation_std_sum, measured.num_with_std),
        "filter/saturated_count": measured.num_saturated,
        "filter/saturated_fraction": mean(measured.num_saturated),
        "filter/gain_mean": mean(measured.gain_sum),
        "filter/gain_last": mean(measured.gain_last_sum, measured.num_sequences),
        "clip/fraction": mean(measured.num_clipped),
        "clip/fraction_positive": positive,
        "clip/fraction_negative": negative,
        "policy/approx_kl": mean(measured.kl_sum),
        "policy/log_prob": mean(measured.log_prob_sum),
        "policy/entropy": mean(measured.entropy_sum),
        "policy/num_tokens": measured.num_tokens,
        "mismatch/abs_mean": mean(measured.mismatch_sum),
        "mismatch/abs_max": measured.mismatch_max,
        "mismatch/kl": mean(measured.mismatch_kl_sum),
    }
    for name, ratios in (("raw", measured.raw), ("filtered", measured.filtered)):
        metrics[f"ratio/{name}_mean"] = mean(ratios.total)
        metrics[f"ratio/{name}_max"] = ratios.largest
        metrics[f"ratio/{name}_ess"] = masked.divide(mean(ratios.total) ** 2, mean(ratios.squares))
    metrics |= {f"null/{name}": value for name, value in null.figures(measured.null).items()}
    for position in range(NUM_POSITIONS):
        metrics[f"clip/fraction_position_{position}"] = by_position[position]
    if has_reference:
        metrics |= {f"policy/reference_{k}": mean(measured.reference_kl_sum[i]) for i, k in enumerate(KL_ESTIMATES)}
    sd, filtered_sd = masked.std(measured.log_ratio), masked.std(measured.filtered_log_ratio)
    metrics |= {
        "ratio/raw_log_sd": sd,
        "ratio/filtered_log_sd": filtered_sd,
        "regime/innovation_abs_max": masked.divide(measured.innovation_abs_max, sd),
    }
    if var_ratio is not None:
        metrics["regime/length"] = mean(measured.num_tokens, measured.num_sequences) * math.sqrt(var_ratio)
    if band is not None:
        metrics["regime/band"] = masked.divide(jnp.float32(band), filtered_sd)
    if math.isfinite(kappa):
        metrics["filter/threshold"] = mean(measured.threshold_sum, measured.num_with_std)
        metrics["regime/threshold"] = masked.divide(metrics["filter/threshold"], sd)
    return metrics


def _sum(x: jax.Array, mask: jax.Array) -> jax.Array:
    return jnp.sum(masked.clean(x, mask))


def _last_valid(mask: jax.Array) -> jax.Array:
    """[B, T] bool, True at the last valid token of each row that has one."""
    places = jnp.arange(mask.shape[1], dtype=jnp.int32)[None, :]
    return mask & (places == jnp.max(jnp.where(mask, places, -1), axis=1, keepdims=True))


def _ratio_sums(log_ratio: jax.Array, mask: jax.Array) -> RatioSums:
    ratio = jnp.exp(jnp.minimum(masked.clean(log_ratio, mask), LARGEST_LOG_RATIO))
    return RatioSums(_sum(ratio, mask), _sum(ratio**2, mask), masked.maximum(ratio, mask))


def _k3(log_ratio: jax.Array) -> jax.Array:
    """KL(old || current) estimated from the old policy's sample: r - 1 - log r (Schulman's k3), r = current / old."""
    log_ratio = jnp.minimum(log_ratio.astype(jnp.float32), LARGEST_LOG_RATIO)
    return jnp.expm1(log_ratio) - log_ratio


def _clip_counts(clipped: jax.Array, mask: jax.Array, advantage: jax.Array) -> ClipCounts:
    signs = jnp.stack([advantage > 0, advantage < 0])  # [2, B, T]
    length = mask.shape[1]
    bucket = jnp.arange(length, dtype=jnp.int32) * NUM_POSITIONS // length

    def by_sign(chosen):
        return jnp.sum(chosen[None] & signs, axis=(1, 2), dtype=jnp.int32)

    def by_position(chosen):
        return jnp.zeros(NUM_POSITIONS, jnp.int32).at[bucket].add(jnp.sum(chosen, axis=0, dtype=jnp.int32))

    return ClipCounts(by_sign(clipped), by_sign(mask), by_position(clipped), by_position(mask))
