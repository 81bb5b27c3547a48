"""A JobSet manifest for GKE (TPU slices or GPU nodes), checked before it is printed.

    python launch/k8s/render.py --name=run1 --image=REGION-docker.pkg.dev/P/R/kpo_jax:1 --claim=shared --tpu=v5p:2x2x4
    \\
      -- --config=configs/qwen3_4b_dapo.py --workdir=/runs/run1 | kubectl apply -f -

or --nodes=2 --gpus_per_node=8 in place of --tpu. The image has the repository as its working directory and jax for its
accelerator. The claim is a ReadWriteMany volume, mounted at --mount; it holds the workdir. --secret names a Kubernetes
secret whose entries become environment variables (HF_TOKEN): an argument is visible to all who may read the JobSet.
XLA_FLAGS, where it is set, goes to GPU nodes.
Exit code 64, a line each, for what is wrong.
"""

import argparse
import os
import re
import sys
from pathlib import Path, PurePosixPath

import jinja2

sys.path.insert(0, str(Path(__file__).parents[2]))

from kpo_jax.text import mask_words

# TPU -> (node label, chips of a host in a slice of several hosts, sides of its torus)
TPUS = {"v5e": ("tpu-v5-lite-podslice", 4, 2), "v5p": ("tpu-v5p-slice", 4, 3), "v6e": ("tpu-v6e-slice", 4, 2)}
LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
IMAGE = re.compile(r"[A-Za-z0-9][\w.:/@-]*")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(64, f"error: {message}\n")


def options(argv: list[str]) -> argparse.Namespace:
    """The options before the --, and the entry point's `arguments` after it."""
    parser = Parser(usage=__doc__, allow_abbrev=False)
    for name in ("name", "image", "claim"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--namespace", default="default")
    parser.add_argument("--tpu", default="")
    parser.add_argument("--nodes", type=int, default=0)
    parser.add_argument("--gpus_per_node", type=int, default=0)
    parser.add_argument("--mount", default="/runs")
    parser.add_argument("--secret", default="")
    parser.add_argument("--port", type=int, default=8476)
    parser.add_argument("--grace", type=int, default=300)
    parser.add_argument("--max_restarts", type=int, default=3)
    if "--" not in argv:
        parser.error("no --: the arguments of the entry point follow it")
    split = argv.index("--")
    given = parser.parse_args(argv[:split])
    given.arguments = argv[split + 1 :]
    return given


def place(given: argparse.Namespace) -> tuple[dict, list[str]]:
    """(what the template says of processes and devices, problems)."""
    if bool(given.tpu) == bool(given.nodes or given.gpus_per_node):
        return {}, ["--tpu or --nodes and --gpus_per_node: one of the two is required"]
    if not given.tpu:
        bad = [
            f"--{name}: {value} is below 1"
            for name in ("nodes", "gpus_per_node")
            if (value := getattr(given, name)) < 1
        ]
        return dict(processes=given.nodes, device="nvidia.com/gpu", devices=given.gpus_per_node, topology=""), bad
    kind, _, topology = given.tpu.partition(":")
    if (
        kind not in TPUS
        or not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)+", topology)
        or topology.count("x") + 1 != TPUS[kind][2]
    ):
        return {}, [
            f"--tpu: {given.tpu!r} is no slice; legal: {', '.join(TPUS)} and its chips, e.g. v5e:2x4, v5p:2x2x4"
        ]
    label, per_host, _ = TPUS[kind]
    chips = 1
    for side in topology.split("x"):
        chips *= int(side)
    if chips > per_host and chips % per_host:
        return {}, [f"--tpu: {given.tpu!r} has {chips} chips, which are not whole hosts of {per_host}"]
    hosts = max(chips // per_host, 1)
    return dict(
        processes=hosts, device="google.com/tpu", devices=chips // hosts, topology=topology, node_accelerator=label
    ), []


def check(given: argparse.Namespace) -> list[str]:
    """What is wrong with the names, numbers and arguments, one line each."""
    problems = []
    # the pods' names, NAME-workers-0-INDEX-xxxxx, are host names of at most 63 characters
    for option, pattern, longest in [
        ("name", LABEL, 40),
        ("namespace", LABEL, 63),
        ("claim", SUBDOMAIN, 253),
        ("secret", SUBDOMAIN, 253),
    ]:
        text = getattr(given, option)
        if (text or option != "secret") and not (pattern.fullmatch(text) and len(text) <= longest):
            problems.append(
                f"--{option}: {text!r} is not a name of at most {longest} lower-case letters, digits and dashes"
            )
    if not IMAGE.fullmatch(given.image):
        problems.append(f"--image: {given.image!r} is no image")
    for name, low, high in [("port", 1024, 65535), ("grace", 1, 86400), ("max_restarts", 0, 1000)]:
        if not low <= getattr(given, name) <= high:
            problems.append(f"--{name}: {getattr(given, name)} is outside [{low}, {high}]")
    if not re.fullmatch(r"/[\w./-]*\w", given.mount):
        problems.append(f"--mount: {given.mount!r} is no absolute path")
    for shown, argument in zip(mask_words(given.arguments), given.arguments, strict=True):
        if shown != argument:
            problems.append(
                f"{shown}: a manifest is no place for a secret; "
                "put it into a Kubernetes secret and name that by --secret"
            )
    workdirs = [argument.partition("=")[2] for argument in given.arguments if argument.startswith("--workdir=")]
    mount = PurePosixPath(given.mount)
    if not workdirs or ".." in workdirs[-1] or mount not in PurePosixPath(workdirs[-1]).parents:
        problems.append(
            f"--workdir: must be below {given.mount}, e.g. --workdir={given.mount}/{given.name}; "
            "all else is lost with the pod"
        )
    return problems


def render(argv: list[str]) -> str:
    """The manifest as YAML; leaves with exit code 64 where something is wrong."""
    given = options(argv)
    devices, problems = place(given)
    problems += check(given)
    if problems:
        sys.exit(fail(problems))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), undefined=jinja2.StrictUndefined
    )
    given.arguments = [
        argument.replace("$", "$$") for argument in given.arguments
    ]  # or Kubernetes would put in $(VARIABLES)
    coordinator = f"{given.name}-workers-0-0.{given.name}:{given.port}"
    fields = {name: value for name, value in vars(given).items() if name not in ("tpu", "nodes", "gpus_per_node")}
    flags = "" if given.tpu else os.environ.get("XLA_FLAGS", "").replace("$", "$$")
    more = dict(coordinator=coordinator, compiler_flags=flags)
    return environment.get_template("jobset.yaml.j2").render(**fields, **devices, **more) + "\n"


def fail(problems: list[str]) -> int:
    for line in problems:
        print(f"error: {line}", file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.stdout.write(render(sys.argv[1:]))
