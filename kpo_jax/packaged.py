"""What is shipped beside the code of the package."""

from pathlib import Path


def configurations() -> Path:
    """The folder of the configurations that come with kpo_jax: `configs` inside the installed package, or beside the
    package in a checkout, where that is the one copy of them.
    """
    package = Path(__file__).resolve().parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"
