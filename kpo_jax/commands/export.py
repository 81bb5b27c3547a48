"""A run's policy as a directory that transformers.AutoModelForCausalLM loads."""

import os
from typing import Any

import jax

from kpo_jax.config import Config, longest_row
from kpo_jax.model import lora
from kpo_jax.recording.workdir import run_config
from kpo_jax.runtime import distributed
from kpo_jax.runtime.sharding import local_mesh, localize, make_mesh, param_specs
from kpo_jax.training import checkpoints
from kpo_jax.training.learner import make_init, make_optimizer
from kpo_jax.weights import huggingface
from kpo_jax.weights.adapters import write_adapters
from kpo_jax.weights.gguf import is_gguf
from kpo_jax.weights.huggingface_config import architecture_of
from kpo_jax.weights.huggingface_files import read_json
from kpo_jax.weights.save import check_empty, write
from kpo_jax.weights.tokenizers import load_tokenizer


def export_run(workdir: str, out: str, step: int | None, dtype: str | None, adapter: bool = False) -> str:
    """Write the policy of a run's newest checkpoint (or of `step`) to the directory `out`; returns a line about it.

    The configuration is the run's own. config.json and generation_config.json are those of the pretrained directory the
    run began from, where it did, with the end-of-text ids of the run; tokenizer files are written where the tokenizer
    has some. Adapters are merged into the weights; with `adapter` they alone are written, in PEFT's form. dtype None is
    that of the parameters. Raises ValueError with one line for whatever is missing or in the way; all of it but a
    missing checkpoint and a mesh that does not fit this machine before a device is touched.
    """
    check_empty(out)
    config = run_config(workdir)
    tokenizer = load_tokenizer(config.tokenizer, config.revision or None)
    if adapter and not config.model.lora.rank:
        raise ValueError(f"--adapter: the run in {workdir} has none, model.lora.rank is 0")
    dtype = dtype or (config.model.trained_dtype if adapter else config.model.param_dtype)
    architecture, generation = documents(config, tokenizer, dtype)
    mesh = make_mesh(config.mesh)
    init, shardings = make_init(config.model, make_optimizer(config.learner), mesh)
    shapes = jax.eval_shape(init, jax.random.key(0))
    step, params = checkpoints.restore_policy(workdir, shapes, shardings, step)
    params = localize(params, param_specs(config.model), mesh, local_mesh(mesh))
    if adapter:
        base = base_of(config)
        if distributed.is_first():
            revision = config.revision or None
            write_adapters(params, config.model, out, dtype=dtype, base=base, revision=revision)
        over = base or "what --mode=export --step=0 writes"
        return f"the adapters of step {step} of {workdir} are in {out}, {dtype}, to be used with {over}"
    if distributed.is_first():
        write(
            lora.merged(config.model, params),
            config.model,
            out,
            dtype=dtype,
            architecture=architecture,
            generation=generation,
            tokenizer=tokenizer,
        )
    return f"step {step} of {workdir} is in {out}, {dtype}"


def base_of(config: Config) -> str | None:
    """The model whose weights are those under a run's adapters; None where that has no name of its own."""
    own = is_gguf(config.pretrained) or config.warm_start.num_steps
    return None if own else config.pretrained or None


def documents(config: Config, tokenizer, dtype: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(config.json, generation_config.json) of a run's policy.

    A model that did not come from a Hugging Face directory has the run's longest row as max_position_embeddings. Raises
    ValueError where the pretrained directory is gone or of another architecture, and for a model no architecture
    describes.
    """
    generation = {}
    if config.pretrained and not is_gguf(config.pretrained):
        source = huggingface.find_config(config.pretrained, config.revision, config.model)
        architecture = read_json(os.path.join(source, "config.json"))
        if os.path.isfile(path := os.path.join(source, "generation_config.json")):
            generation = read_json(path)
    else:
        architecture = architecture_of(config.model, longest_row(config))
    for document in (architecture, generation):
        for stale in ("transformers_version", "torch_dtype", "_name_or_path", "auto_map"):
            document.pop(stale, None)
    ids = {"eos_token_id": list(tokenizer.eos_ids), "pad_token_id": tokenizer.pad_id}
    return architecture | {"dtype": dtype}, generation | ids
