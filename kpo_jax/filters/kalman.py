"""KPO: the Kalman-filtered log-ratio (He et al. 2026, arXiv 2602.10609), one token at a time or in parallel.

The model of a response: the true log-ratio is a random walk, the token's log-ratio a noisy look at it,

    rho_t = rho_{t-1} + N(0, process_var)        z_t = rho_t + N(0, measurement_var)        rho_0 ~ N(0, initial_var)

and the filter restarts at every response. Only ratios of the variances matter to the estimate, so the code carries the
state variance in units of measurement_var. In those units it IS the previous gain (P_t = V K_t), hence the recursion

    predicted = K_{t-1} + Q/V      K_t = 1 / (1 + 1 / predicted)      sigma_t = sqrt(V (1 + predicted))

which is well behaved for variances that are 0, tiny or inf, where (1 - K) P collapses in float32.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import ClassVar

from kpo_jax.checks import Problem, from_zero, not_negative, one_of, positive, refuse
from kpo_jax.filters.base import check_tokens, clean_tokens, scan_tokens, shift_right, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput

MASKED_TOKENS = ("hold", "zero_observation")
METHODS = ("auto", "scan", "parallel")

# cpu: measured, see "The filters" in docs/performance.md.
# gpu, tpu: by reasoning, not yet measured: a scan is one small step after another, T launches of a kernel or trips of a
# loop whatever the batch, where the parallel form is log T passes over all of it.
METHOD_OF_BACKEND = {"cpu": "scan", "gpu": "parallel", "tpu": "parallel"}


@dataclasses.dataclass(frozen=True)
class Kalman:
    """The linear filter.

    Attributes:
      process_var: variance of the walk per token, >= 0; inf gives the token's own ratio.
      measurement_var: variance of a token's log-ratio about the walk, > 0.
      initial_var: variance of the state before the first token, >= 0; inf with process_var = 0 is the running mean.
      masked: a masked token is skipped ("hold") or taken for an observed 0 ("zero_observation", as KPO's code does).
      method: "scan" (sequential, the reference), "parallel" (exact too), or "auto" (by backend).
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    masked: str = "hold"
    method: str = "auto"
    examples: ClassVar[tuple[dict, ...]] = (
        dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3, masked="hold", method="scan"),
        dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3, masked="zero_observation", method="parallel"),
    )
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse(problems_of_model(self))

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        if chosen_method(self) == "scan":
            return filter_by_scan(self, log_ratio, response_mask)
        log_ratio = clean_tokens(log_ratio, response_mask)
        return zero_masked(filter_in_parallel(self, log_ratio, observed_places(self, response_mask)), response_mask)


def problems_of_model(model) -> list[Problem]:
    """What is wrong with the fields that all Kalman filters share; variances of the state may be inf."""
    return [
        *from_zero(model, "process_var", "initial_var"),
        *positive(model, "measurement_var"),
        *one_of(model, "masked", MASKED_TOKENS),
        *one_of(model, "method", METHODS),
    ]


def problems_of_finite_model(model) -> list[Problem]:
    """The same for a filter whose gain depends on the data: its variances must be finite too."""
    return [*not_negative(model, "process_var", "initial_var"), *positive(model, "measurement_var")]


def observed_places(model, response_mask: jax.Array) -> jax.Array:
    """[B, T] bool: the tokens that update the filter."""
    return response_mask if model.masked == "hold" else jnp.ones_like(response_mask)


def chosen_method(model) -> str:
    """The model's method with "auto" resolved; a backend that is not in the table gets the reference."""
    return METHOD_OF_BACKEND.get(jax.default_backend(), "scan") if model.method == "auto" else model.method


def filter_by_scan(model, log_ratio: jax.Array, response_mask: jax.Array, lost: float = 0.0) -> FilterOutput:
    """The sequential filter, saturated at model.kappa (inf: never), over rows of log_ratio [B, T]; 0 / False where
    masked.

    `lost` is the share of a measurement's information that the covariance counts as lost to saturation. Float32 leaves
    the gain of the recursion within 1e-7 of exact; at Q/V = 1e-6 that is 5e-5 of the gain itself.
    """
    check_tokens(log_ratio, response_mask)
    state_mean, innovation, predicted_var = _differentiable()(
        model, lost, jnp.asarray(log_ratio, jnp.float32), jnp.asarray(response_mask)
    )
    innovation_std, gain = (
        jnp.where(response_mask, x, 0.0) for x in (_innovation_std(model, predicted_var), _gain(predicted_var))
    )
    return FilterOutput(
        state_mean, innovation, innovation_std, gain, jnp.abs(innovation) > model.kappa * innovation_std
    )


def _gain(predicted_var):
    """The gain for a predicted variance, which may be inf, in units of measurement_var."""
    return 1 / (1 + 1 / predicted_var)


def _innovation_std(model, predicted_var):
    return math.sqrt(model.measurement_var) * jnp.sqrt(1 + predicted_var)


@functools.cache
def _differentiable():
    """The recursion with the gradient below, made when it is first called (see `lazy`)."""
    recursion = jax.custom_vjp(_recursion, nondiff_argnums=(0, 1))
    recursion.defvjp(_recursion_forward, _recursion_backward, symbolic_zeros=True)
    return recursion


def _recursion(model, lost, log_ratio, response_mask):
    """(state_mean, innovation, predicted_var) [B, T], the first two 0 where masked.

    Masking happens in the scan, where it is free: before or after it, it would be another pass over the batch.
    """
    return _scan_rows(model, lost, log_ratio, response_mask)[0]


def _scan_rows(model, lost, log_ratio, response_mask):
    """(outputs [B, T], response [B, T]) of `_scan_row`."""
    return jax.vmap(_scan_row, in_axes=(None, None, 0, 0))(model, lost, log_ratio, response_mask)


def _scan_row(model, lost, log_ratio, response_mask):
    """One row's outputs [T], and its response [T]: d state_mean / d log_ratio at a token, which is its gain, or 0 where
    it saturates or is not observed."""
    var_ratio = model.process_var / model.measurement_var

    def step(state, token):
        (mean, var), (z, valid) = state, token
        observed = valid if model.masked == "hold" else True
        predicted_var = var + var_ratio
        gain = jnp.where(observed, _gain(predicted_var), 0.0)
        innovation = jnp.where(valid, z, 0.0) - mean
        seen, response = innovation, gain
        if model.kappa < math.inf:
            threshold = model.kappa * _innovation_std(model, predicted_var)
            response = jnp.where(jnp.abs(innovation) > threshold, 0.0, gain)
            seen = jnp.clip(innovation, -threshold, threshold)
        updated_var = gain * (1 + lost * predicted_var) if lost else gain
        mean = mean + gain * seen
        state = mean, jnp.where(observed, updated_var, var)
        return state, ((jnp.where(valid, mean, 0.0), jnp.where(valid, innovation, 0.0), predicted_var), response)

    initial = jnp.float32(0), jnp.float32(model.initial_var / model.measurement_var)
    return jax.lax.scan(step, initial, (log_ratio, response_mask))[1]


def _recursion_forward(model, lost, log_ratio, response_mask):
    outputs, response = _scan_rows(model, lost, log_ratio.value, response_mask.value)
    return outputs, (response, response_mask.value)


def _recursion_backward(model, lost, residuals, cotangents):
    """The recursion in reverse: what a token does to its own state mean it does to all later ones.

    The variances do not depend on the data and have no gradient. What has none is left out: to read zeros takes time.
    """
    del model, lost
    grads = {
        name: x
        for name, x in zip(("state_mean", "innovation"), cotangents, strict=False)
        if not isinstance(x, jax.custom_derivatives.SymbolicZero)
    }

    def step(mean_grad, token):
        out_grads, response, valid = token
        out_grads = {name: jnp.where(valid, x, 0.0) for name, x in out_grads.items()}
        mean_grad += out_grads.get("state_mean", 0.0)
        log_ratio_grad = response * mean_grad + out_grads.get("innovation", 0.0)
        return mean_grad - log_ratio_grad, jnp.where(valid, log_ratio_grad, 0.0)

    def one_row(grads, response, valid):
        return jax.lax.scan(step, jnp.float32(0), (grads, response, valid), reverse=True)[1]

    return jax.vmap(one_row)(grads, *residuals), None


def filter_reweighted(model, log_ratio: jax.Array, response_mask: jax.Array, weigh) -> FilterOutput:
    """The filter that takes each token's measurement_var for measurement_var / weight, over rows of log_ratio [B, T].

    `weigh(innovation, predicted_var) -> (weight, saturated)`, the innovation in units of sqrt(measurement_var), its
    variances in units of measurement_var. With the weight w and predicted variance p, in those units,

        gain = w p / (1 + w p)        state_var = p / (1 + w p)

    The gain reported is that one; innovation_std is what the filter expects before it weighs, sqrt(V (1 + p)).
    """
    var_ratio, measurement_std = model.process_var / model.measurement_var, math.sqrt(model.measurement_var)

    def step(state, z):
        state_mean, state_var = state
        predicted_var = state_var + var_ratio
        innovation = z - state_mean
        weight, saturated = weigh(innovation / measurement_std, predicted_var)
        gain = weight * predicted_var / (1 + weight * predicted_var)
        updated_mean = state_mean + gain * innovation
        output = FilterOutput(updated_mean, innovation, measurement_std * jnp.sqrt(1 + predicted_var), gain, saturated)
        return (updated_mean, predicted_var / (1 + weight * predicted_var)), output

    log_ratio = clean_tokens(log_ratio, response_mask)
    initial = (jnp.float32(0), jnp.float32(model.initial_var / model.measurement_var))
    return zero_masked(scan_tokens(step, initial, log_ratio, response_mask), response_mask)


def filter_in_parallel(model, log_ratio: jax.Array, observed: jax.Array, gains=None) -> FilterOutput:
    """The linear filter over log_ratio [B, T] in log T steps: rho_t = (1 - K_t) rho_{t-1} + K_t z_t is affine.

    `gains(model, number)`, by default `closed_form`, gives gain and innovation_std of the observations so numbered.
    """
    number = jnp.maximum(jnp.cumsum(observed, axis=1, dtype=jnp.int32), 1)  # of this observation, from 1
    gain, innovation_std = (gains or closed_form)(model, number)

    def compose(first, then):
        return then[0] * first[0], then[0] * first[1] + then[1]

    factor = jnp.where(observed, 1 - gain, 1.0)
    offset = jnp.where(observed, gain * log_ratio, 0.0)
    _, state_mean = jax.lax.associative_scan(compose, (factor, offset), axis=1)
    innovation = log_ratio - shift_right(state_mean)
    return FilterOutput(state_mean, innovation, innovation_std, gain, jnp.zeros_like(observed))


def closed_form(model, number: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Gain and innovation_std of the observations numbered `number` (int, from 1, any shape), without recursion.

    The gain recursion is a Moebius map with eigenvalues exp(+-eta), cosh(eta) = 1 + Q/(2V). With all growing
    exponentials divided out, gain and 1 - gain are ratios of sums of non-negative terms: no overflow, no cancellation.
    """
    t = number.astype(jnp.float32)
    var_ratio, initial_ratio = model.process_var / model.measurement_var, model.initial_var / model.measurement_var
    if math.isinf(var_ratio):
        return jnp.ones_like(t), jnp.full_like(t, jnp.inf)
    if var_ratio < 1e-30:  # eta = 0 in float32: the limit of the three factors below, divided by 2 eta
        now, before, step = t, t - 1, jnp.ones_like(t)
    else:
        eta = 2 * math.asinh(math.sqrt(var_ratio) / 2)
        now = -jnp.expm1(-2 * eta * t)  # u_t = 1 - exp(-2 t eta)
        before = -math.exp(-eta) * jnp.expm1(-2 * eta * (t - 1))  # w_t
        step = -math.expm1(-eta) * (1 + jnp.exp(-eta * (2 * t - 1)))  # u_t - w_t
    # Initial, process and measurement variance as shares of their sum, so that initial_var may be inf.
    if math.isinf(initial_ratio):
        initial, process, measurement = 1.0, 0.0, 0.0
    else:
        total = initial_ratio + var_ratio + 1
        initial, process, measurement = initial_ratio / total, var_ratio / total, 1 / total
    estimate = step * initial + now * process  # gain and 1 - gain, up to a common factor
    doubt = before * initial + step * measurement
    return estimate / (estimate + doubt), math.sqrt(model.measurement_var) * jnp.sqrt((estimate + doubt) / doubt)
