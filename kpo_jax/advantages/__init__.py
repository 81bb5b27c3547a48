"""Advantages: (reward [B], group_size) -> [B]. One file each, named here; `otb` is of single tokens, and `gae` is
called on a critic's values.
"""

from kpo_jax.advantages.base import Advantage, OfTokens, TokensTold, Told, advantages_of, token_rewards
from kpo_jax.advantages.dr_grpo import DrGrpo
from kpo_jax.advantages.gae import Gae
from kpo_jax.advantages.gdpo import Gdpo
from kpo_jax.advantages.group import Group
from kpo_jax.advantages.krpo import Krpo
from kpo_jax.advantages.opo import Opo
from kpo_jax.advantages.otb import Otb
from kpo_jax.advantages.rloo import Rloo

CRITIC_ADVANTAGE = "gae"
ADVANTAGES = {
    "group": Group,
    "dr_grpo": DrGrpo,
    "rloo": Rloo,
    "krpo": Krpo,
    "opo": Opo,
    "gdpo": Gdpo,
    "otb": Otb,
    CRITIC_ADVANTAGE: Gae,
}

__all__ = [
    "ADVANTAGES",
    "CRITIC_ADVANTAGE",
    "Advantage",
    "OfTokens",
    "TokensTold",
    "Told",
    "advantages_of",
    "token_rewards",
]
