"""The noise of a trace: process and measurement variance by maximum likelihood, and whether the model fits what was
recorded.

The model is KPO's local level, started afresh at every response: rho_t = rho_{t-1} + N(0, Q), z_t = rho_t + N(0, V),
rho_0 ~ N(0, P_0). Its innovations d_t ~ N(0, S_t) are independent, so log-ratios z [B, T] have the likelihood
(prediction-error
decomposition: Schweppe 1965; Harvey 1989, section 3.4)

    log L = -1/2 sum_t (log 2 pi + log S_t + d_t^2 / S_t)

over valid tokens; masked ones are skipped, as by the filters' `hold`. d_t and S_t / V depend on Q/V and P_0/V alone, so
V has a closed form for each Q/V (the concentrated likelihood) and one dimension is searched.

Everything is float64 numpy on arrays; no jax.
"""

import dataclasses
import math

import numpy as np

from kpo_jax.lazy import Lazy

optimize, stats = Lazy("scipy.optimize"), Lazy("scipy.stats")

_LOGIT_LIMIT = 28.0  # of Q / (Q + V) in the search: Q/V from 7e-13 to 1e12, beyond which lie the ends
_GRID = 29


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Maximum-likelihood variances of a trace.

    Attributes:
      process_var, measurement_var: Q and V, in squared units of the log-ratio; one of them may be exactly 0.
      process_var_se, measurement_var_se: standard errors by the observed information; that of a variance at 0 is NaN,
        as the likelihood has no curvature to read there, and `var_ratio_low`, `var_ratio_high` say how large it may be.
      var_ratio: Q/V; inf where V is 0.
      var_ratio_low, var_ratio_high: 95 % interval of Q/V by the profile likelihood; 0 or inf where an end is not
        excluded.
      log_likelihood: at the maximum.
      num_tokens, num_sequences: valid ones that entered; a diffuse start spends each sequence's first token.
    """

    process_var: float
    measurement_var: float
    process_var_se: float
    measurement_var_se: float
    var_ratio: float
    var_ratio_low: float
    var_ratio_high: float
    log_likelihood: float
    num_tokens: int
    num_sequences: int


@dataclasses.dataclass(frozen=True)
class Whiteness:
    """Ljung-Box test that innovations are uncorrelated; `autocorrelation` is that of lags 1, 2, ... A small p_value
    refutes the model.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    autocorrelation: np.ndarray


@dataclasses.dataclass(frozen=True)
class Consistency:
    """Normalised innovations squared (NIS) against chi-square.

    Attributes:
      mean, low, high: mean NIS of all tokens, and the 97.5 % bounds of a model that is right.
      sequences_inside, num_sequences: sequences whose own sum lies within its 95 % bounds.
      p_value: of that many or more outside under the binomial of 5 %; small where the scale varies or tails are heavy.
      consistent: the mean lies within its bounds and p_value is at least 0.025. Two checks at 2.5 % refuse a model that
        is right in at most 5 % of cases.
    """

    mean: float
    low: float
    high: float
    sequences_inside: int
    num_sequences: int
    p_value: float
    consistent: bool


def estimate(log_ratio: np.ndarray, mask: np.ndarray, *, initial_ratio: float = 0.0) -> Estimate:
    """Q and V of log-ratios [B, T] on the valid tokens of mask [B, T] bool.

    Args:
      initial_ratio: P_0/V >= 0; 0 is KPO's certain start, inf a diffuse one. It is kept fixed.

    Raises:
      ValueError: arrays of other shapes, a valid log-ratio that is not finite, fewer than two tokens that enter,
        log-ratios that are all 0 (a minibatch before any update), initial_ratio < 0.
    """
    series, lengths = _compact(log_ratio, mask)
    if not initial_ratio >= 0:
        raise ValueError(f"initial_ratio: {initial_ratio!r} is not a number >= 0 (inf: diffuse)")
    if not np.any(series):
        raise ValueError(
            "estimate: every valid log-ratio is 0, as before the first update; there is no noise to estimate"
        )

    def profile(share):  # Q / (Q + V) -> (log-likelihood, Q + V)
        squares, logs, count = _sums(series, lengths, share, initial_ratio)
        scale = squares / count if count else 0.0
        return -(count * (math.log(2 * math.pi * scale) + 1) + logs) / 2 if scale else -math.inf, scale

    count = _sums(series, lengths, 0.5, initial_ratio)[2]
    if count < 2:
        raise ValueError(f"estimate: {count} innovation(s) in {len(lengths)} sequence(s); at least two are needed")
    logits = np.linspace(-_LOGIT_LIMIT, _LOGIT_LIMIT, _GRID)
    best = logits[int(np.argmax([profile(_share(x))[0] for x in logits]))]
    width = logits[1] - logits[0]
    around = (best - width, best + width)
    search = optimize.minimize_scalar(
        lambda x: -profile(_share(x))[0], bounds=around, method="bounded", options={"xatol": 1e-6}
    )
    # an end of the range wins a tie: there the likelihood is flat, and the simpler model is the one to name
    candidates = [0.0, 1.0, float(_share(search.x))]
    found = [profile(share) for share in candidates]
    top = max(value for value, _ in found)
    share, (log_likelihood, scale) = next((s, f) for s, f in zip(candidates, found, strict=True) if f[0] >= top - 1e-6)
    process_se, measurement_se = _standard_errors(series, lengths, share, scale, initial_ratio, count)
    low, high = _interval(lambda x: profile(_share(x))[0], [found[0][0], found[1][0]], share, log_likelihood)
    return Estimate(
        process_var=share * scale,
        measurement_var=(1 - share) * scale,
        process_var_se=process_se,
        measurement_var_se=measurement_se,
        var_ratio=_ratio(share),
        var_ratio_low=low,
        var_ratio_high=high,
        log_likelihood=log_likelihood,
        num_tokens=count,
        num_sequences=len(lengths),
    )


def log_likelihood(
    log_ratio: np.ndarray, mask: np.ndarray, process_var: float, measurement_var: float, initial_var: float = 0.0
) -> float:
    """log L of given variances, in absolute units; initial_var is P_0, inf leaves out each sequence's first token."""
    standardized, logs = _standardize(*_compact(log_ratio, mask), process_var, measurement_var, initial_var)
    return float(
        -np.sum(
            np.square(standardized[~np.isnan(standardized)]) + logs[~np.isnan(standardized)] + math.log(2 * math.pi)
        )
        / 2
    )


def standardized_innovations(
    log_ratio: np.ndarray, mask: np.ndarray, process_var: float, measurement_var: float, initial_var: float = 0.0
) -> np.ndarray:
    """d_t / sqrt(S_t), float64 [B, T] at the places of their tokens; NaN where masked and where a diffuse start has no
    prediction.
    """
    series, lengths = _compact(log_ratio, mask)
    compact, _ = _standardize(series, lengths, process_var, measurement_var, initial_var)
    out = np.full(mask.shape, np.nan)
    rows = np.flatnonzero(mask.any(axis=1))
    for row, values, length in zip(rows, compact, lengths, strict=True):
        out[row, mask[row]] = values[:length]
    return out


def whiteness(standardized: np.ndarray, lags: int = 10, num_fitted: int = 0) -> Whiteness:
    """Ljung-Box over the pairs of tokens within a sequence, of innovations [B, T] with NaN where there is none.

    A pair k apart counts the valid tokens between, not the columns. Pooled over sequences: r_k = sum e_t e_{t+k} / sum
    e^2, whose variance under whiteness is n_k / n^2 with n_k pairs, whatever the tails; one sequence gives Ljung and
    Box (1978).

    Args:
      lags: how many; lags without a pair are left out.
      num_fitted: parameters that were estimated from these data (1 for Q/V; V does not matter here).

    Raises:
      ValueError: no lag beyond num_fitted has a pair, or all innovations are 0.
    """
    series, lengths = _compact(np.nan_to_num(standardized), ~np.isnan(standardized))
    total, power = int(lengths.sum()), float(np.sum(series**2))
    if not power:
        raise ValueError("whiteness: every innovation is 0")
    correlations, statistic = [], 0.0
    for lag in range(1, min(lags, series.shape[1] - 1) + 1):
        pairs = int(np.maximum(lengths - lag, 0).sum())
        correlations.append(float(np.sum(series[:, lag:] * series[:, :-lag])) / power)  # 0 behind a sequence's end
        statistic += total * (total + 2) * correlations[-1] ** 2 / pairs
    freedom = len(correlations) - num_fitted
    if freedom < 1:
        raise ValueError(
            f"whiteness: {len(correlations)} lag(s) with a pair of tokens and num_fitted = {num_fitted} "
            "leave nothing to test"
        )
    return Whiteness(statistic, freedom, float(stats.chi2.sf(statistic, freedom)), np.array(correlations))


def nis(standardized: np.ndarray) -> Consistency:
    """The test of the innovations' size (Bar-Shalom et al. 2001, section 5.4), of innovations [B, T] with NaN where
    there is none.

    The mean tests the level of the variances; with estimated ones it is 1 by construction, and only the sums of single
    sequences can tell. Raises ValueError if there is no innovation.
    """
    series, lengths = _compact(np.nan_to_num(standardized), ~np.isnan(standardized))
    total = int(lengths.sum())
    sums = np.sum(series**2, axis=1)
    low, high = stats.chi2.ppf([0.0125, 0.9875], total) / total
    inside = int(np.sum((sums >= stats.chi2.ppf(0.025, lengths)) & (sums <= stats.chi2.ppf(0.975, lengths))))
    p_value = float(stats.binom.sf(len(lengths) - inside - 1, len(lengths), 0.05))
    mean = float(sums.sum() / total)
    return Consistency(
        mean, float(low), float(high), inside, len(lengths), p_value, bool(low <= mean <= high and p_value >= 0.025)
    )


# ------------------------------------------------------------------------------------------------------------ the parts


def _compact(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(valid values moved to the front of each row, 0 behind, float64 [B', T']; lengths [B']) of the rows that have
    any.
    """
    values, mask = np.asarray(values, np.float64), np.asarray(mask)
    if values.ndim != 2 or values.shape != mask.shape or mask.dtype != bool:
        raise ValueError(
            f"estimation: log-ratios {values.shape} and a boolean mask {mask.shape} ({mask.dtype}) must both be [B, T]"
        )
    if not mask.any():
        raise ValueError("estimation: no valid token")
    if not np.isfinite(values[mask]).all():
        raise ValueError(f"estimation: {int(np.sum(~np.isfinite(values[mask])))} valid value(s) are not finite")
    mask, values = mask[mask.any(axis=1)], values[mask.any(axis=1)]
    lengths = mask.sum(axis=1)
    order = np.argsort(~mask, axis=1, kind="stable")[:, : lengths.max()]
    series = np.where(
        np.arange(lengths.max())[None, :] < lengths[:, None],
        np.take_along_axis(np.where(mask, values, 0), order, axis=1),
        0,
    )
    return series, lengths


def _innovations(
    series: np.ndarray, process_var: float, measurement_var: float, initial_var: float
) -> tuple[np.ndarray, np.ndarray]:
    """(d [B', T'], S [T']) of the linear filter; S is inf at a diffuse start, whose d is then z."""
    state, state_var = np.zeros(len(series)), initial_var
    innovations, variances = np.empty_like(series), np.empty(series.shape[1])
    for t in range(series.shape[1]):
        predicted_var = state_var + process_var
        variances[t] = predicted_var + measurement_var
        innovations[:, t] = series[:, t] - state
        gain = 1.0 if math.isinf(predicted_var) else predicted_var / variances[t] if variances[t] else 0.0
        state = state + gain * innovations[:, t]
        state_var = measurement_var * gain
    return innovations, variances


def _sums(series, lengths, share: float, initial_ratio: float) -> tuple[float, float, int]:
    """(sum d^2 / S, sum log S, tokens) in units of Q + V, where Q = share and V = 1 - share."""
    rest = 1 - share
    initial_var = initial_ratio if math.isinf(initial_ratio) else initial_ratio * rest
    innovations, variances = _innovations(series, share, rest, initial_var)
    entering = np.isfinite(variances) & (variances > 0)
    alive = (np.arange(series.shape[1])[None, :] < lengths[:, None]) & entering[None, :]
    per_place = alive.sum(axis=0)
    squares = np.sum(np.where(alive, innovations**2, 0), axis=0)
    return (
        float(np.sum(squares[entering] / variances[entering])),
        float(np.sum(per_place[entering] * np.log(variances[entering]))),
        int(alive.sum()),
    )


def _standardize(
    series, lengths, process_var: float, measurement_var: float, initial_var: float
) -> tuple[np.ndarray, np.ndarray]:
    """(d / sqrt(S), log S), each [B', T'], NaN behind a sequence's end and at a diffuse start."""
    for name, value in (
        ("process_var", process_var),
        ("measurement_var", measurement_var),
        ("initial_var", initial_var),
    ):
        if not value >= 0 or (math.isinf(value) and name != "initial_var"):
            raise ValueError(f"{name}: {value!r} is not a finite number >= 0")
    if not process_var + measurement_var > 0:
        raise ValueError("process_var, measurement_var: both are 0, so no innovation is possible")
    innovations, variances = _innovations(series, process_var, measurement_var, initial_var)
    known = (np.arange(series.shape[1])[None, :] < lengths[:, None]) & (np.isfinite(variances) & (variances > 0))[
        None, :
    ]
    safe = np.where(np.isfinite(variances) & (variances > 0), variances, 1.0)
    return np.where(known, innovations / np.sqrt(safe), np.nan), np.where(known, np.log(safe), np.nan)


def _share(logit):
    return 1 / (1 + np.exp(-logit))


def _ratio(share: float) -> float:
    return math.inf if share == 1 else share / (1 - share)


def _standard_errors(series, lengths, share, scale, initial_ratio, count) -> tuple[float, float]:
    """Of Q and V, from the curvature of log L in (log Q, log V); where one is 0, of the other alone, which scales the
    data.
    """
    if share in (0.0, 1.0):
        other = scale * math.sqrt(2 / count)
        return (math.nan, other) if share == 0 else (other, math.nan)
    point = np.log([share * scale, (1 - share) * scale])

    def value(offset):
        process_var, measurement_var = np.exp(point + offset)
        total = process_var + measurement_var
        squares, logs, number = _sums(series, lengths, process_var / total, initial_ratio)
        return -(number * math.log(2 * math.pi * total) + logs + squares / total) / 2

    step, unit = 1e-3, np.eye(2)
    information = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            a, b = step * unit[i], step * unit[j]
            information[i, j] = -(value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * step**2)
    covariance = np.linalg.pinv(information)
    relative = np.sqrt(np.where(np.diag(covariance) > 0, np.diag(covariance), np.nan))
    return tuple(float(x) for x in np.exp(point) * relative)


def _interval(profile, ends: list[float], share: float, top: float) -> tuple[float, float]:
    """Ends of {Q/V: 2 (top - profile) <= the 95 % quantile of chi-square with one degree of freedom}."""
    drop = stats.chi2.ppf(0.95, 1) / 2
    centre = (
        min(max(math.log(_ratio(share)), -_LOGIT_LIMIT), _LOGIT_LIMIT)
        if 0 < share < 1
        else (2 * share - 1) * _LOGIT_LIMIT
    )

    def end(limit, at_end, open_value):
        if at_end >= top - drop:
            return open_value
        outside = lambda x: profile(x) - (top - drop)
        if abs(limit - centre) < 1e-9 or outside(limit) >= 0:
            return open_value
        return math.exp(optimize.brentq(outside, *sorted((centre, limit)), xtol=1e-6))

    return end(-_LOGIT_LIMIT, ends[0], 0.0), end(_LOGIT_LIMIT, ends[1], math.inf)
