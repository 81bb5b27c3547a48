"""Kernels that may take the place of those in use, measured and checked beside them; nothing else runs them."""

import jax
import jax.numpy as jnp


def attention_by_offsets(query, key, value, own, num_segments: int) -> jax.Array:
    """`causal_attention` of packed rows by cuDNN's kernel for ragged rows, which is told where segments begin and not
    given a mask: no [B, 1, S, S] bias, no gradient of one, and blocks that see nothing are passed over.

    Segments `own` [B, S] are 1, 2, ... up to num_segments, padding 0 behind them. The function is no part of JAX's
    public interface, and wants a GPU of compute capability 9.0 where it is traced.
    """
    from jax._src.cudnn import fused_attention_stablehlo as cudnn

    lengths, offsets = segment_offsets(own, num_segments)
    return cudnn.dot_product_attention(
        query, key, value, q_seqlen=lengths, kv_seqlen=lengths, q_offsets=offsets, kv_offsets=offsets,
        scale=query.shape[-1] ** -0.5, mask_type=cudnn.MaskType.PADDING_CAUSAL,
    )  # fmt: skip


def segment_offsets(own, num_segments: int) -> tuple[jax.Array, jax.Array]:
    """(lengths [B, M], first columns [B, M + 1]) int32 of each row's segments, -1 where there is none.

    The last column is always -1: a row's end is not the beginning of a segment, and the kernel takes what is not
    negative, over all rows, for its list of segments.
    """
    numbers = jnp.arange(1, num_segments + 1)
    lengths = jnp.sum(own[:, :, None] == numbers[None, None], axis=1, dtype=jnp.int32)
    first = jnp.cumsum(lengths, axis=1) - lengths
    lengths, first = (jnp.where(lengths > 0, x, -1) for x in (lengths, first))
    return lengths, jnp.pad(first, [(0, 0), (0, 1)], constant_values=-1)
