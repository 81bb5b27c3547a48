"""Makes published.npz beside this file: what the released losses, advantages and corrections of peers give for small
inputs.

In an environment of its own, with the CPU wheel of torch:

    pip install torch==2.13.0 "numpy<2.5" trl==1.16.0 accelerate datasets
    pip install --no-deps verl==0.9.1
    pip install omegaconf tensordict hydra-core ray codetiming orjson
    python tests/goldens/make_published_goldens.py [recipe/kpo/core_algos.py of shuohe1995/verl-kpo]

The peers' functions are called as they are. Of TRL's trainer that is the method that makes the loss, on an object that
has the attributes it reads and hands it log-probabilities. Without the recipe's file, what is named kpo/... is taken
over from the published.npz that there is; that was made with a file that had those of the recipe's functions that are
called here and took agg_loss from verl 0.9.1.

    in/...                          the inputs; B = 8 responses of up to T = 12 tokens in groups of 4
    loss/PEER/NAME, grad/PEER/NAME  a loss and its gradient [B, T] by log_prob (by the values, of verl/value)
    of/PEER/NAME                    anything else: estimates, masks, weights, advantages
    versions                        of the peers, as text
"""

import collections
import importlib.metadata
import importlib.util
import pathlib
import sys
import types

import numpy as np

PUBLISHED = pathlib.Path(__file__).parent / "published.npz"
ROWS, LENGTH, GROUP, VOCABULARY = 8, 12, 4, 7
KPO_COMMIT = "128cf51"
VARIANCES = {"strong": (1e-6, 1.0), "weak": (1e-2, 1.0), "opt1": (1e-2, 0.1)}  # process, measurement


def make_inputs(seed=0):
    """Arrays by name. What lies under a mask is like what does not, since peers multiply by masks."""
    rng = np.random.default_rng(seed)
    shape = ROWS, LENGTH
    lengths = np.array([12, 9, 12, 5, 7, 1, 10, 3])
    whole = np.arange(LENGTH)[None, :] < lengths[:, None]  # nothing masked inside a response
    mask, with_empty = whole.copy(), whole.copy()
    mask[0, 4] = mask[6, 2:4] = False
    with_empty[3] = False
    # most tokens hardly move, one in eight far, one not at all; probabilities stay below 1
    log_ratio = 0.25 * rng.standard_normal(shape) * np.where(rng.random(shape) < 0.125, 8, 1)
    log_ratio[0, 0] = 0
    most = -rng.exponential(0.8, shape) - 0.02
    inputs = {"mask": mask, "whole": whole, "with_empty": with_empty}
    for name, z in {"": log_ratio, "_far": 6 * log_ratio}.items():
        old = most - np.maximum(z, 0)
        inputs |= {f"log_prob{name}": old + z, f"old_log_prob{name}": old}
    # of sampler and trainer, so that some tokens and some responses are beyond each bound
    drift = rng.standard_normal(shape) * np.array([0.02, 0.5, 0.1, 0.3, 0.02, 1.0, 0.1, 0.6])[:, None]
    drift[2, 3], drift[6, 5] = 1.2, -1.4
    inputs["sampler_log_prob"] = inputs["old_log_prob"] - drift
    beyond = rng.random(shape) < 0.1  # the cap of k3
    inputs["reference_log_prob"] = inputs["log_prob"] + 0.4 * rng.standard_normal(shape) + 4.0 * beyond
    inputs["advantage"] = np.array([1.0, -0.7, 0.4, -1.6, 0.9, -0.2, -1.1, 0.0])
    inputs["token_advantage"] = rng.standard_normal(shape)
    inputs["reward"] = np.array([1.0, 0.0, 0.0, 1.0, 0.3, 0.7, -0.2, 1.1])
    inputs["second_reward"] = np.array([0.0, 5.0, 2.0, 1.0, -3.0, 0.0, 4.0, 1.0])
    value = rng.standard_normal(shape)
    inputs |= {"old_value": value, "value": value + 0.3 * rng.standard_normal(shape)}
    inputs["logits"] = 1.5 * rng.standard_normal((*shape, VOCABULARY))
    inputs["long_log_ratio"] = 0.1 * rng.standard_normal((2, 96))
    inputs = {name: x.astype(np.float32) if x.dtype == np.float64 else x for name, x in inputs.items()}
    return inputs | {"tokens": rng.integers(0, VOCABULARY, shape).astype(np.int32)}


def with_gradient(loss_of, x):
    """(loss, d loss / d x) as arrays, of a function of a tensor."""
    x = x.clone().requires_grad_()
    loss = loss_of(x)
    loss.backward()
    return loss.detach().numpy(), x.grad.numpy()


def verl_config(policy_loss=None, **fields):
    """verl's configuration of an actor, of which a loss reads some fields."""
    from verl.workers.config import ActorConfig
    from verl.workers.config.actor import PolicyLossConfig

    needed = dict(strategy="fsdp", rollout_n=GROUP, use_dynamic_bsz=True)
    return ActorConfig(**needed, **fields, policy_loss=PolicyLossConfig(**(policy_loss or {})))


# name of ours: (verl's name, aggregation, fields of its configuration)
VERL_LOSSES = {
    "ppo": ("vanilla", "token-mean", dict(clip_ratio_low=0.2, clip_ratio_high=0.28, clip_ratio_c=1e6)),
    "dapo": ("vanilla", "token-mean", dict(clip_ratio_low=0.2, clip_ratio_high=0.28, clip_ratio_c=10.0)),
    "dual_clip": ("vanilla", "seq-mean-token-mean", dict(clip_ratio_c=1.5)),
    "gspo": ("gspo", "seq-mean-token-mean", dict(clip_ratio_low=0.06, clip_ratio_high=0.08)),
    "gspo_token_mean": ("gspo", "token-mean", dict(clip_ratio_low=0.06, clip_ratio_high=0.08)),
    "sapo": ("sapo", "seq-mean-token-mean", dict(tau_pos=1.0, tau_neg=1.05)),
    "gmpo": ("geo_mean", "seq-mean-token-mean", dict(clip_ratio_low=0.4, clip_ratio_high=0.4)),
    "cispo": ("cispo", "token-mean", dict(clip_ratio_low=1.0, clip_ratio_high=4.0)),
    # the whole share, so that all between the bounds are drawn: the draw itself is of torch's generator
    "clip_cov": ("clip_cov", "token-mean", dict(clip_ratio_low=1.0, clip_ratio_high=1.0, policy_loss=dict(
        clip_cov_ratio=1.0, clip_cov_lb=0.3, clip_cov_ub=1.0))),
    "kl_cov": ("kl_cov", "token-mean", dict(policy_loss=dict(kl_cov_ratio=0.1, ppo_kl_coef=1.0))),
    "dppo_tv": ("dppo_tv", "seq-mean-token-sum-norm", dict(
        clip_ratio_low=0.15, clip_ratio_high=0.12, clip_ratio_c=20.0)),
    "dppo_kl": ("dppo_kl", "seq-mean-token-sum-norm", dict(
        clip_ratio_low=0.05, clip_ratio_high=0.04, clip_ratio_c=20.0)),
    "dro": ("dro", "token-mean", dict(policy_loss=dict(dro_beta=0.5))),
    "reinforce": ("gpg", "seq-mean-token-mean", {}),
}  # fmt: skip
FAR = "dapo", "sapo", "gmpo", "cispo", "dppo_tv", "dppo_kl"  # with log-ratios of up to 20, too
# criterion of ours: (verl's name, its bounds, which are on the inverse ratio where there are two)
VERL_REJECTIONS = {
    "token": ("token_k1", "0.4_1.25"),
    "sequence": ("seq_sum_k1", "0.4_1.25"),
    "geometric": ("seq_mean_k1", "0.9_1.2"),
    "largest_k3": ("seq_max_k3", "0.2"),
    "mean_k3": ("seq_mean_k3", "0.05"),
}
AGGREGATIONS = "token-mean", "seq-mean-token-mean", "seq-mean-token-sum", "seq-mean-token-sum-norm"


def of_verl(inputs):
    """Everything of verl, by its name in the file without the peer's."""
    import torch
    import verl.utils.torch_functional as of_tensors
    from verl.trainer.ppo import core_algos, rollout_corr_helper

    t = {name: torch.from_numpy(x) for name, x in inputs.items()}
    mask, index = t["mask"].float(), np.repeat(np.arange(ROWS // GROUP), GROUP)
    advantage = t["advantage"][:, None].expand(ROWS, LENGTH)
    out = {}

    def policy_loss(name, kind, aggregation, fields, far="", of_mask=mask, of_advantage=advantage, weights=None):
        loss = lambda log_prob: core_algos.get_policy_loss_fn(kind)(
            t[f"old_log_prob{far}"], log_prob, of_advantage, of_mask, aggregation, verl_config(**fields), weights
        )[0]  # fmt: skip
        out[f"loss/{name}"], out[f"grad/{name}"] = with_gradient(loss, t[f"log_prob{far}"])

    for name, how in VERL_LOSSES.items():
        policy_loss(name, *how)
    for name in FAR:
        policy_loss(f"{name}_far", *VERL_LOSSES[name], far="_far")
    policy_loss("token_advantage", *VERL_LOSSES["dapo"], of_advantage=t["token_advantage"])
    for aggregation in AGGREGATIONS:
        policy_loss(aggregation, "vanilla", aggregation, {}, of_mask=t["with_empty"].float())
    policy_loss("length_norm", "vanilla", AGGREGATIONS[-1], dict(global_batch_info=dict(loss_scale_factor=10)))
    out["loss/reinforce_sum"], out["grad/reinforce_sum"] = with_gradient(
        lambda x: core_algos.compute_policy_loss_reinforce(
            t["sampler_log_prob"], x, advantage, mask, "seq-mean-token-sum", verl_config()
        )[0],
        t["log_prob"],
    )
    out["loss/value"], out["grad/value"] = with_gradient(
        lambda x: core_algos.compute_value_loss(x, t["token_advantage"], t["old_value"], mask, 0.2)[0], t["value"]
    )
    for kind in ("k1", "k2", "k3", "k1+", "k3+"):
        estimate = lambda x, kind=kind: core_algos.kl_penalty(x, t["reference_log_prob"], kind)
        out[f"of/{kind}"] = estimate(t["log_prob"]).numpy()
        out[f"grad/{kind}"] = with_gradient(lambda x, of=estimate: of(x).sum(), t["log_prob"])[1]

    # corrections, and losses with them; the counts of the whole mask, or the rejected would leave the denominators
    mismatch = t["old_log_prob"] - t["sampler_log_prob"]
    counts = dict(global_batch_info=dict(batch_num_tokens=int(mask.sum()), global_batch_size=ROWS))
    weights = {
        name: rollout_corr_helper.compute_rollout_correction_weights(mismatch, mask, level, threshold)[0]
        for name, level, threshold in [
            ("token", "token", 1.5), ("sequence", "sequence", 2.0), ("icepop", "token", "0.5_1.5"),
        ]
    }  # fmt: skip
    for name, weight in weights.items():
        out[f"of/weights_{name}"] = weight.numpy()
        policy_loss(f"truncated_{name}", "vanilla", "seq-mean-token-mean", {}, weights=weight)
    policy_loss("truncated_gmpo", *VERL_LOSSES["gmpo"], weights=weights["token"])
    for name, how in VERL_REJECTIONS.items():
        kept = rollout_corr_helper.compute_rollout_rejection_mask(mismatch, mask, *how)[0]
        out[f"of/kept_{name}"] = kept.bool().numpy()
        aggregation = "token-mean" if name == "token" else "seq-mean-token-mean"
        policy_loss(f"kept_{name}", "vanilla", aggregation, counts, of_mask=kept)

    # advantages: a response's at its first token; rewards are given at the last, less a penalty where there is one
    last = torch.from_numpy(LENGTH - 1 - np.argmax(inputs["whole"][:, ::-1], axis=1))
    at_last = lambda x: torch.zeros(ROWS, LENGTH).scatter(1, last[:, None], x[:, None])
    for name, of, more in [
        ("grpo", core_algos.compute_grpo_outcome_advantage, {}),
        ("dr_grpo", core_algos.compute_grpo_outcome_advantage, dict(norm_adv_by_std_in_grpo=False)),
        ("rloo", core_algos.compute_rloo_outcome_advantage, {}),
        ("opo", core_algos.compute_opo_outcome_advantage, {}),
    ]:
        for suffix, groups in {"": index, "_alone": np.arange(ROWS)}.items():
            found = of(at_last(t["reward"]), t["whole"].float(), index=groups, **more)[0]
            out[f"of/advantage_{name}{suffix}"] = found[:, 0].numpy()
    # responses of one token: only there is a deviation over tokens, verl's, one over responses
    out["of/advantage_gdpo"] = core_algos.compute_gdpo_outcome_advantage(
        t["reward"][:, None],
        torch.ones(ROWS, 1),
        index,
        config=dict(gdpo_reward_keys=["reward", "second_reward"], gdpo_reward_weights=[1.0, 0.5]),
        non_tensor_batch=inputs,
        batch={"prompts": torch.ones(ROWS, 1), "attention_mask": torch.ones(ROWS, 2, dtype=torch.int64)},
    )[0][:, 0].numpy()
    rewards = core_algos.compute_rewards(at_last(t["reward"]), t["old_log_prob"], t["reference_log_prob"], 0.1)
    out["of/rewards"] = rewards.numpy()
    found = core_algos.compute_gae_advantage_return(rewards, t["old_value"], mask, 0.95, 0.9)
    out["of/gae"], out["of/returns"] = (x.numpy() for x in found)
    logits, tokens = t["logits"], t["tokens"].long()
    out["of/log_prob"] = of_tensors.logprobs_from_logits_naive(logits, tokens).numpy()
    out["of/entropy"] = of_tensors.entropy_from_logits(logits).numpy()
    squares = of_tensors.calculate_sum_pi_squared_from_logits(logits)
    out["of/squared_probs"] = squares.numpy()
    for suffix, zero_tail in {"": True, "_tail": False}.items():
        out[f"of/advantage_otb{suffix}"] = core_algos.compute_optimal_token_baseline_advantage(
            rewards, t["whole"].float(), index, torch.from_numpy(out["of/log_prob"]), squares,
            handle_zero_tail=zero_tail,
        )[0].numpy()  # fmt: skip
    return out


# name of ours: attributes of TRL's trainer; those of its arguments are in "args"
TRL_LOSSES = {
    "grpo": dict(loss_type="grpo"),
    "dual_clip": dict(loss_type="bnpo", args=dict(delta=1.5)),
    "dr_grpo": dict(loss_type="dr_grpo"),
    "dapo": dict(loss_type="dapo", epsilon_high=0.28),
    "gspo": dict(loss_type="grpo", importance_sampling_level="sequence", epsilon_low=0.06, epsilon_high=0.08),
    "luspo": dict(loss_type="luspo", importance_sampling_level="sequence", epsilon_low=0.06, epsilon_high=0.08),
    "cispo": dict(loss_type="cispo", epsilon_high=5.0),
    "sapo": dict(loss_type="sapo"),
    "vespo": dict(loss_type="vespo"),
    "opsm": dict(loss_type="grpo", off_policy_mask_threshold=0.1),
    "truncated_token": dict(loss_type="grpo", use_vllm=True),
    "k3": dict(loss_type="grpo", beta=0.04),
    "k3_bias_corrected": dict(loss_type="grpo", beta=0.04, args=dict(use_bias_correction_kl=True)),
}  # fmt: skip


def of_trl(inputs, weights):
    """TRL's losses; `weights` [B, T] are those that correct for the sampler."""
    import torch
    from trl.trainer.grpo_trainer import GRPOTrainer

    t = {name: torch.from_numpy(x) for name, x in inputs.items()}
    mask = t["mask"].long()
    told = {
        "prompt_ids": mask[:, :1], "prompt_mask": mask[:, :1], "completion_ids": mask, "completion_mask": mask,
        "advantages": t["advantage"], "old_per_token_logps": t["old_log_prob"],
        "sampling_per_token_logps": t["sampler_log_prob"], "ref_per_token_logps": t["reference_log_prob"],
        "num_items_in_batch": mask.sum(), "importance_sampling_ratio": torch.from_numpy(weights),
    }  # fmt: skip
    usual = dict(
        delta=None, use_bias_correction_kl=False, steps_per_generation=1, sapo_temperature_pos=1.0,
        sapo_temperature_neg=1.05, vespo_k_pos=2.0, vespo_lambda_pos=3.0, vespo_k_neg=3.0, vespo_lambda_neg=2.0,
    )  # fmt: skip
    one_process = types.SimpleNamespace(num_processes=1, gather=lambda x: x, reduce=lambda x, reduction: x)
    out = {}
    for name, attributes in TRL_LOSSES.items():
        attributes = attributes | {"args": types.SimpleNamespace(**usual | attributes.get("args", {}))}
        if not attributes.get("use_vllm"):  # else VESPO has it in its weight
            given = {key: x for key, x in told.items() if key != "importance_sampling_ratio"}
        else:
            given = told

        def loss(log_prob, attributes=attributes, given=given):
            trainer = types.SimpleNamespace(**dict(
                importance_sampling_level="token", beta=0.0, epsilon_low=0.2, epsilon_high=0.2,
                off_policy_mask_threshold=None, top_entropy_quantile=1.0, use_vllm=False,
                vllm_importance_sampling_correction=True, max_completion_length=LENGTH, aux_loss_enabled=False,
                _entropy_bonus_enabled=False, current_gradient_accumulation_steps=1, accelerator=one_process,
                model=types.SimpleNamespace(training=True), get_gamma_weights=GRPOTrainer.get_gamma_weights,
                get_off_policy_mask=GRPOTrainer.get_off_policy_mask,
                _metrics=collections.defaultdict(lambda: collections.defaultdict(list)),
                _get_per_token_logps_and_entropies=lambda *_, **__: (log_prob, torch.zeros_like(log_prob), None),
            ) | attributes)  # fmt: skip
            return GRPOTrainer._compute_loss(trainer, trainer.model, given)

        out[f"loss/{name}"], out[f"grad/{name}"] = with_gradient(loss, t["log_prob"])
    return out


def of_kpo(inputs, path):
    """KPO's filter, and its loss, from the recipe's file."""
    import torch

    spec = importlib.util.spec_from_file_location("recipe_of_kpo", path)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    t = {name: torch.from_numpy(x) for name, x in inputs.items()}
    advantage, out = t["advantage"][:, None].expand(ROWS, LENGTH), {}
    for name, (process_var, measurement_var) in VARIANCES.items():
        every = torch.ones_like(t["long_log_ratio"])
        out[f"of/filter_{name}"] = recipe.kalman_filter(t["long_log_ratio"], every, process_var, measurement_var)[
            0
        ].numpy()
        # a configuration of the recipe's own, of which the loss reads these
        config = types.SimpleNamespace(
            clip_ratio=None, clip_ratio_low=0.02, clip_ratio_high=0.03, is_clip=True, kalman_Q=process_var,
            kalman_R=measurement_var, global_batch_info={},
        )  # fmt: skip
        loss = lambda x, config=config: recipe.compute_policy_loss_kpo(
            t["old_log_prob"], x, advantage, t["mask"].float(), "seq-mean-token-mean", config
        )[0]
        out[f"loss/{name}"], out[f"grad/{name}"] = with_gradient(loss, t["log_prob"])
    return out


def make_published(recipe=None):
    """The whole file as a dict of arrays; see the module's docstring."""
    inputs = make_inputs()
    verl = of_verl(inputs)
    peers = {"verl": verl, "trl": of_trl(inputs, verl["of/weights_token"])}
    if recipe is not None:
        peers["kpo"] = of_kpo(inputs, recipe)
    elif PUBLISHED.exists():
        with np.load(PUBLISHED) as file:
            kept = [key for key in file.files if key.split("/")[1:2] == ["kpo"]]
            peers["kpo"] = {key.replace("/kpo/", "/"): file[key] for key in kept}
    out = {f"in/{name}": x for name, x in inputs.items()}
    for peer, found in peers.items():
        out |= {key.replace("/", f"/{peer}/", 1): np.asarray(x) for key, x in found.items()}
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("verl", "trl", "torch")]
    return out | {"versions": np.array(", ".join([*versions, f"verl-kpo {KPO_COMMIT}"]))}


if __name__ == "__main__":
    np.savez_compressed(PUBLISHED, **make_published(*sys.argv[1:2]))
