"""Where a workdir is: a folder of this machine, or one of a bucket, of which this machine has a copy."""

from kpo_jax.places.copies import NotCarried, adopt, carried, fetch, folder, is_remote, reach, shown
from kpo_jax.places.entries import Entry, entry

__all__ = ["Entry", "NotCarried", "adopt", "carried", "entry", "fetch", "folder", "is_remote", "reach", "shown"]
