"""A run's policy as a directory that transformers.AutoModelForCausalLM loads."""

import os
from typing import Any

import jax

from kpo_jax.config import Config
from kpo_jax.recording.workdir import run_config
from kpo_jax.runtime import distributed
from kpo_jax.runtime.sharding import local_mesh, localize, make_mesh, param_specs
from kpo_jax.training import checkpoints
from kpo_jax.training.learner import make_init, make_optimizer
from kpo_jax.weights import huggingface
from kpo_jax.weights.gguf import is_gguf
from kpo_jax.weights.huggingface_config import architecture_of
from kpo_jax.weights.huggingface_files import read_json
from kpo_jax.weights.save import check_empty, write
from kpo_jax.weights.tokenizers import load_tokenizer


def export_run(workdir: str, out: str, step: int | None, dtype: str | None) -> str:
    """Write the policy of a run's newest checkpoint (or of `step`) to the directory `out`; returns a line about it.

    The configuration is the run's own. config.json and generation_config.json are those of the pretrained directory the
    run began from, where it did, with the end-of-text ids of the run; tokenizer files are written where the tokenizer
    has some. dtype None is the dtype of the parameters. Raises ValueError with one line for whatever is missing or in
    the way; all of it but a missing checkpoint and a mesh that does not fit this machine before a device is touched.
    """
    check_empty(out)
    config = run_config(workdir)
    tokenizer = load_tokenizer(config.tokenizer, config.revision or None)
    dtype = dtype or config.model.param_dtype
    architecture, generation = documents(config, tokenizer, dtype)
    mesh = make_mesh(config.mesh)
    init, shardings = make_init(config.model, make_optimizer(config.learner), mesh)
    shapes = jax.eval_shape(init, jax.random.key(0))
    step, params = checkpoints.restore_policy(workdir, shapes, shardings, step)
    params = localize(params, param_specs(config.model), mesh, local_mesh(mesh))
    if distributed.is_first():
        write(
            params,
            config.model,
            out,
            dtype=dtype,
            architecture=architecture,
            generation=generation,
            tokenizer=tokenizer,
        )
    return f"step {step} of {workdir} is in {out}, {dtype}"


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
        architecture = architecture_of(config.model, config.data.max_prompt_length + config.sampler.max_response_length)
    for document in (architecture, generation):
        for stale in ("transformers_version", "torch_dtype", "_name_or_path"):
            document.pop(stale, None)
    ids = {"eos_token_id": list(tokenizer.eos_ids), "pad_token_id": tokenizer.pad_id}
    return architecture | {"dtype": dtype}, generation | ids
