# The image of launch/k8s (--image): the repository as the working directory, with jax for one kind of device.
#
#   docker build -t kpo_jax .                              # CPU
#   docker build -t kpo_jax:cuda --build-arg EXTRA=gpu .   # CUDA 13; the node brings the driver
#   docker build -t kpo_jax:tpu --build-arg EXTRA=tpu .
#   docker run --rm -v "$PWD/runs:/kpo_jax/runs" kpo_jax --config=configs/tiny.py:kpo_strong --workdir=runs/tiny
ARG PYTHON=3.12
FROM python:${PYTHON}-slim-bookworm
ARG EXTRA=""
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /kpo_jax

# The dependencies first: they are a layer that an edit of the code leaves as it is.
COPY requirements.txt ./
COPY launch/requirements* launch/
RUN pip install -r requirements.txt ${EXTRA:+-r "launch/requirements-$EXTRA.txt"} -c launch/requirements.lock

COPY pyproject.toml setup.py README.md LICENSE ./
COPY configs/ configs/
COPY kpo_jax/ kpo_jax/
RUN pip install --no-deps --editable .

# No shell: process 1 is the run, and SIGTERM reaches it.
ENTRYPOINT ["python", "-u", "-m", "kpo_jax.main"]
