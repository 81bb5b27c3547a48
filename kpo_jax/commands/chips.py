"""Accelerators that programs are compiled for without one: what there is, what it holds, and its compiler's devices.

TPUs are compiled for by libtpu (launch/requirements-tpu.txt), GPUs by JAX's CUDA plugin (launch/requirements-gpu.txt),
which needs no driver for it. No device is asked for.
"""

import dataclasses
import importlib.util
import math
import re

import jax
from jax.experimental import topologies

_GPUS_OF_A_HOST = 8

# What XLA has to know of a GPU, as an H100 SXM itself reports it (a GpuTargetConfigProto in text form).
_H100 = """
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 threads_per_core_limit: 2048
  shared_memory_per_block: 49152 shared_memory_per_block_optin: 232448 shared_memory_per_core: 233472
  core_count: 132 fpus_per_core: 128 clock_rate_ghz: 1.98
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  thread_dim_limit_x: 1024 thread_dim_limit_y: 1024 thread_dim_limit_z: 64
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
  memory_bandwidth: 3352320000000 l2_cache_size: 52428800 device_memory_size: 84942979072
  pcie_bandwidth: 34359738368 ecc_enabled: true device_address_bits: 64
  cuda_compute_capability { major: 9 feature_extension: ACCELERATED_FEATURES }
  device_interconnect_info { active_links: 18 }
  name: "NVIDIA H100 80GB HBM3" device_vendor: "NVIDIA Corporation" platform_version: "Compute Capability 9.0a"
  driver_version: "13.0.0" runtime_version: "12.8.0" compile_time_toolkit_version: "12.8.0"
  dnn_version: "9.10.0" cub_version: "3.1.2"
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 10 }
device_description_str: "NVIDIA H100 80GB HBM3"
"""


@dataclasses.dataclass(frozen=True)
class Chip:
    """A kind of accelerator.

    Attributes:
      kind: its device_kind in JAX and in flops.DATA_SHEETS.
      memory: in bytes.
      axes: those of a TPU's torus; a GPU's devices are counted along one.
      target: what a GPU's compiler has to know of it, "" for a TPU.
    """

    kind: str
    memory: int
    axes: int
    target: str = ""


# cloud.google.com/tpu/docs/v5e, v5p, v6e; an H100's memory is what it reports
CHIPS = {
    "v5e": Chip("TPU v5 lite", 16 * 2**30, 2),
    "v5p": Chip("TPU v5", 95 * 2**30, 3),
    "v6e": Chip("TPU v6 lite", 32 * 2**30, 2),
    "h100": Chip("NVIDIA H100 80GB HBM3", 84942979072, 1, _H100),
}


def parse(text: str) -> tuple[Chip, int]:
    """(chip, number of chips) of e.g. "v5p:2x2x4" or "h100:8". Raises ValueError, one line, for what is none."""
    match = re.fullmatch(r"(\w+):([1-9][0-9]{0,3}(?:x[1-9][0-9]{0,3})*)", text)
    if match is None or match[1] not in CHIPS:
        raise ValueError(
            f"--dry_run_topology: {text!r} is no topology; legal: {', '.join(CHIPS)} and its chips, "
            "e.g. v5e:2x4, v5p:2x2x4, h100:8"
        )
    chip, sides = CHIPS[match[1]], [int(side) for side in match[2].split("x")]
    if len(sides) != chip.axes:
        raise ValueError(f"--dry_run_topology: {text!r} has {len(sides)} side(s); {match[1]} has {chip.axes}")
    count = math.prod(sides)
    if chip.target and count > _GPUS_OF_A_HOST and count % _GPUS_OF_A_HOST:
        raise ValueError(f"--dry_run_topology: {text!r}: more than {_GPUS_OF_A_HOST} GPUs are whole hosts of as many")
    return chip, count


def devices(text: str) -> list:
    """The topology's devices. Raises ValueError, one line, without its compiler or for one that it does not know."""
    chip, count = parse(text)
    package, extra = ("jax_cuda13_plugin", "gpu") if chip.target else ("libtpu", "tpu")
    if importlib.util.find_spec(package) is None:
        raise ValueError(
            f"--dry_run_topology: needs the {package} package: "
            f"pip install -r launch/requirements-{extra}.txt -c launch/requirements.lock"
        )
    if chip.target:
        hosts = -(-count // _GPUS_OF_A_HOST)
        how = dict(platform="cuda", topology_name="", target_config=chip.target, topology=f"1x{hosts}x{count // hosts}")
    else:
        how = dict(platform="tpu", topology_name=text)
    try:
        return topologies.get_topology_desc(**how).devices
    except jax.errors.JaxRuntimeError as error:
        raise ValueError(f"--dry_run_topology: {text!r}: {str(error).splitlines()[0]}") from error
