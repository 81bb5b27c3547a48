"""What a configuration says of sampling."""

import dataclasses

from kpo_jax.checks import between, not_negative, one_of, refuse, share, unless, whole
from kpo_jax.model.config import DTYPES, HELD, ModelConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """How tokens are drawn. Truncations apply in the order top-k, top-p, min-p, each on the renormalised rest.

    Attributes:
      temperature: divides the logits; 0 is greedy.
      top_k: keep the k most probable tokens; 0 keeps all.
      top_p: keep the smallest set of most probable tokens whose probability reaches top_p; 1 keeps all.
      min_p: drop tokens less probable than min_p times the most probable one; 0 keeps all.
        Of all three: a token exactly as probable as the last one kept is kept too.
      max_response_length: T.
      stop: texts that end a response, in training and evaluation, with the token that completes the first of them. Not
        for the device, which draws on until the host has read what it drew and `rollout.stop_at` cuts that off; but a
        special token of the tokenizer, which is no text of a response, ends it as the tokenizer's own end does.
      dtype: the number type that is sampled in, in training and evaluation, whatever the trainer computes in: "" is the
        model's. float32 and bfloat16 are that of weights, caches and computation; int8 that of the weights of the
        layers' projections alone (see sampling.int8), beside which all else stays in the model's: embeddings, head,
        norms, biases, a mixture's router, caches and activations.

    Raises:
      ValueError: lists every illegal field.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    max_response_length: int
    stop: tuple[str, ...] = ()
    dtype: str = ""

    def __post_init__(self):
        texts = isinstance(self.stop, tuple) and all(isinstance(text, str) and text for text in self.stop)
        refuse(
            [
                *whole(self, 1, "max_response_length"),
                *not_negative(self, "temperature"),
                *whole(self, 0, "top_k"),
                *share(self, "top_p"),
                *between(self, 0, 1, "min_p"),
                *one_of(self, "dtype", ("", *HELD)),
                *unless(
                    texts, "stop", f"{self.stop!r} is not a tuple of texts that are not empty, such as ('\\n\\n',)"
                ),
            ]
        )

    @property
    def int8(self) -> bool:
        """Whether the projections' weights are held in int8."""
        return self.dtype == "int8"

    def decoder(self, model: ModelConfig) -> ModelConfig:
        """The decoder as it is sampled from: `model` with the dtype of the sampler's caches and activations."""
        return dataclasses.replace(model, dtype=self.dtype if self.dtype in DTYPES else model.dtype)

    def moved_dtype(self, model: ModelConfig) -> str | None:
        """The narrower dtype in which parameters may move to the sampler's mesh: where nothing is done to them there
        before they are rounded to it. None where they go as they are.
        """
        dtype = self.decoder(model).dtype
        narrower = DTYPES[dtype] < DTYPES[model.param_dtype]
        return dtype if narrower and not self.int8 and not model.lora.rank else None
