"""python -m kpo_jax is the entry point, kpo_jax.main."""

from kpo_jax.main import run

if __name__ == "__main__":
    run()
