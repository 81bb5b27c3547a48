"""Advantages: (reward [B], group_size) -> [B]. One file each, named here; `gae` is called on a critic's values."""

from kpo_jax.advantages.base import Advantage, Told, advantages_of
from kpo_jax.advantages.dr_grpo import DrGrpo
from kpo_jax.advantages.gae import Gae
from kpo_jax.advantages.gdpo import Gdpo
from kpo_jax.advantages.group import Group
from kpo_jax.advantages.krpo import Krpo
from kpo_jax.advantages.opo import Opo
from kpo_jax.advantages.rloo import Rloo

CRITIC_ADVANTAGE = "gae"
ADVANTAGES = {
    "group": Group,
    "dr_grpo": DrGrpo,
    "rloo": Rloo,
    "krpo": Krpo,
    "opo": Opo,
    "gdpo": Gdpo,
    CRITIC_ADVANTAGE: Gae,
}

__all__ = ["ADVANTAGES", "CRITIC_ADVANTAGE", "Advantage", "Told", "advantages_of"]
