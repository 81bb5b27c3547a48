"""Random bytes and random values where weights are read: one line each, no more than the safetensors library takes, and
no memory that a file only claims to need.

150 inputs of each reader always, 10,000 with -m slow; the same ones every time.
"""

import dataclasses
import json
import os
import pathlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from test_hf import ANY, golden_tensors, model_config, read_golden, write_directory

from kpo_jax.weights import huggingface as hf
from kpo_jax.weights import huggingface_files as hf_files

HOW_MANY = [150, pytest.param(10_000, marks=pytest.mark.slow)]
MAX_BYTES = 2**26  # for one input of a few kilobytes; the first of all may import what it needs

ODD = st.one_of(
    st.sampled_from([None, True, False, -1, 0, 1, 2, 8, 32, 2**31, 2**63, 10**30, 1e999, -1e999, 0.5, "", "ab", "F32"]),
    st.lists(st.one_of(st.none(), st.integers(-2, 2**40), st.text(max_size=3), st.floats()), max_size=4),
    st.dictionaries(st.text(max_size=8), st.integers(-2, 100), max_size=2),
    st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=2), max_leaves=20),
    st.text(max_size=10),
)


def check(how_many, strategy, body):
    """`body` of `how_many` inputs, each in bounded memory."""

    def bounded(content):
        assert peak_bytes(lambda: body(content)) < MAX_BYTES

    how = settings(max_examples=how_many, deadline=None, derandomize=True, database=None,
                   suppress_health_check=list(HealthCheck))  # fmt: skip
    # the tables of characters and constants that it makes at first take ten times as long to make when they are watched
    settings(max_examples=1, database=None)(given(ODD)(lambda _: None))()
    tracemalloc.start()
    try:
        how(given(strategy)(bounded))()
    finally:
        tracemalloc.stop()


def peak_bytes(read) -> int:
    """What a call allocates at its peak."""
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    read()
    peak = tracemalloc.get_traced_memory()[1] - before
    if not already:
        tracemalloc.stop()
    return peak


def refused(read, *arguments):
    """Whether it is, in one line, by a ValueError."""
    try:
        read(*arguments)
    except ValueError as error:
        assert str(error) and "\n" not in str(error) and len(str(error)) < 1000, error
        return True
    return False


@st.composite
def damaged(draw, whole: bytes):
    """Bytes changed, cut off, inserted or put behind, or all of them random."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        kind = draw(st.sampled_from(["change", "cut", "insert", "append"]))
        if kind == "change" and place < len(content):
            content[place] = draw(st.integers(0, 255))
        elif kind == "cut":
            del content[place:]
        elif kind == "insert":
            content[place:place] = draw(st.binary(max_size=9))
        else:
            content += draw(st.binary(max_size=9))
    return bytes(content)


@st.composite
def altered(draw, document):
    """A document of JSON with one to three of its values, anywhere, replaced, taken out or added."""
    document = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 3))):
        inside = document
        while True:
            keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(inside[key], (dict, list)) and inside[key] and draw(st.integers(0, 3)):
                inside = inside[key]
                continue
            if draw(st.integers(0, 4)) == 0:
                del inside[key]
            else:
                inside[key] = draw(ODD)
            break
    return document


# --- safetensors


SMALL = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones((4,), np.float16), "c": np.zeros((0, 2), "f4")}


def header_and_data(content: bytes):
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), content[end:]


def with_header(header, data: bytes) -> bytes:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return len(text).to_bytes(8, "little") + text + data


def library_refuses(path) -> bool:
    try:
        with safe_open(path, "np") as file:
            for name in file.keys():  # noqa: SIM118 (it is no mapping)
                file.get_slice(name)
    except (SafetensorError, OSError, ValueError, TypeError):
        return True
    return False


@pytest.mark.parametrize("how_many", HOW_MANY)
@pytest.mark.parametrize("kind", ["bytes", "header"])
def test_safetensors(how_many, kind, tmp_path):
    whole, path, seen = save(SMALL), tmp_path / "x.safetensors", set()
    header, data = header_and_data(whole)
    inputs = damaged(whole) if kind == "bytes" else altered(header).map(lambda changed: with_header(changed, data))

    def body(content):
        path.write_bytes(content)
        ours, theirs = refused(hf_files.read_header, str(path)), library_refuses(str(path))
        assert ours or not theirs, content  # what the library refuses is refused
        if not ours:
            for name, tensor in hf_files.read_header(str(path)).items():
                assert tensor.offset + tensor.view().nbytes <= len(content), name
        seen.add((ours, theirs))

    check(how_many, inputs, body)
    assert {(True, True), (False, False)} <= seen  # and not everything is


LAYOUTS = [
    ({"a": [0, 8], "b": [8, 16]}, 16, None),
    ({"a": [0, 8], "b": [4, 12]}, 12, r"tensor b in .*: begins at 4, expected 8: it shares bytes with a$"),
    ({"a": [0, 8], "b": [0, 8]}, 8, r"tensor b in .*: begins at 0, expected 8: it shares bytes with a$"),
    ({"a": [0, 8], "b": [12, 20]}, 20, r"tensor b in .*: begins at 12, expected 8: it leaves a hole after a$"),
    ({"a": [4, 12]}, 12, r"tensor a in .*: begins at 4, expected 0: it leaves a hole after the header$"),
    ({"a": [0, 8]}, 11, r"3 bytes after the last tensor belong to none$"),
    ({"a": [-8, 0]}, 0, r"tensor a: data_offsets \[-8, 0\], expected integers 0 <= begin <= end"),
    ({"a": ["a", "b"]}, 8, r'tensor a: data_offsets \["a", "b"\], expected integers'),
    ({"a": [0, 8.0]}, 8, r"tensor a: data_offsets \[0, 8.0\], expected integers"),
    ({"a": [8, 0]}, 8, r"tensor a: data_offsets \[8, 0\], expected integers"),
]


@pytest.mark.parametrize(("places", "size", "message"), LAYOUTS)
def test_tensors_lie_one_after_the_other(places, size, message, tmp_path):
    header = {name: {"dtype": "F32", "shape": [2], "data_offsets": place} for name, place in places.items()}
    (tmp_path / "f").write_bytes(with_header(header, bytes(size)))
    assert library_refuses(tmp_path / "f") == (message is not None)
    if message is None:
        assert hf_files.read_header(str(tmp_path / "f")).keys() == places.keys()
        return
    with pytest.raises(ValueError, match=message):
        hf_files.read_header(str(tmp_path / "f"))


@pytest.mark.parametrize("shape", ["ab", [2.0], [True, 2], [None], [-1, -2], [[2]], {"2": 1}, None, [2] * 30, [2**70]])
def test_shapes_are_lists_of_integers(shape, tmp_path):
    header = {"a": {"dtype": "F32", "shape": shape, "data_offsets": [0, 8]}}
    (tmp_path / "f").write_bytes(with_header(header, bytes(8)))
    with pytest.raises(ValueError, match=r"tensor a: shape .*, expected at most 8 integers >= 0"):
        hf_files.read_header(str(tmp_path / "f"))


@pytest.mark.parametrize("text", ["two\nlines", "x" * 201])
def test_what_a_file_says_does_not_break_the_line(text, tmp_path):
    line = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    for header in ({text: line}, {"a": line | {"dtype": text}}):
        (tmp_path / "f").write_bytes(with_header(header, bytes(8)))
        assert refused(hf_files.read_header, str(tmp_path / "f"))
    path, document = directory(tmp_path)
    for changes in ({"architectures": text}, {"model_type": text}, {"hidden_act": text}, {"num_hidden_layers": text}):
        (path / "config.json").write_text(json.dumps(document | changes))
        assert refused(hf.read_config, str(path)), changes


def test_a_name_that_stands_twice_is_refused(tmp_path):
    line = '"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}'
    (tmp_path / "f").write_bytes(with_header(f"{{{line}, {line}}}", bytes(8)))
    with pytest.raises(ValueError, match="a name stands twice"):
        hf_files.read_header(str(tmp_path / "f"))


def test_a_header_too_long_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "f"
    with open(path, "wb") as file:
        file.write((3 * 2**30).to_bytes(8, "little"))
        file.truncate(4 * 2**30)  # sparse

    def read():
        with pytest.raises(ValueError, match="its header has 3221225472 bytes, at most 100000000 are legal"):
            hf_files.read_header(str(path))

    assert peak_bytes(read) < 2**20
    assert peak_bytes(lambda: path.open("rb").read(2**22)) > 2**21  # the measure sees what is read


# --- config.json


def directory(tmp_path, name="llama"):
    path = write_directory(tmp_path / name, read_golden(name))
    return path, json.loads((path / "config.json").read_text())


@pytest.mark.parametrize("how_many", HOW_MANY)
@pytest.mark.parametrize("kind", ["bytes", "values"])
def test_config_json(how_many, kind, tmp_path):
    path, document = directory(tmp_path)
    seen = set()
    inputs = damaged(json.dumps(document).encode()) if kind == "bytes" else altered(document).map(
        lambda changed: json.dumps(changed).encode())  # fmt: skip

    def body(content):
        (path / "config.json").write_bytes(content)
        seen.add(refused(hf.read_config, str(path)))

    check(how_many, inputs, body)
    assert seen == {True, False}


CONFIGS = [
    ({"rope_parameters": None, "rope_theta": None}, "rope_theta"),
    ({"rope_parameters": {"rope_type": "default", "rope_theta": None}}, "rope_theta"),
    ({"num_hidden_layers": 10**12}, r"num_hidden_layers: 1000000000000 is not a whole number in \[1, 10000\]"),
    ({"num_attention_heads": 0}, "num_attention_heads|num_heads|zero"),
    ({"hidden_size": "wide"}, "hidden_size"),
    ({"rms_norm_eps": None}, "norm_eps"),
]


@pytest.mark.parametrize(("changes", "message"), CONFIGS)
def test_values_that_are_none_are_one_line(changes, message, tmp_path):
    path, document = directory(tmp_path)
    (path / "config.json").write_text(json.dumps(document | changes))
    with pytest.raises(ValueError, match=message) as error:
        hf.find(str(path), "", ANY)
    assert "\n" not in str(error.value) and str(path / "config.json") in str(error.value)


def test_what_is_no_file_or_no_json_is_one_line(tmp_path):
    path, _ = directory(tmp_path)
    for content in (b"[" * 100_000, b"\xff\xfe", b"1" * 5000, b"null"):
        (path / "config.json").write_bytes(content)
        with pytest.raises(ValueError, match=r"config\.json is (not JSON: .|JSON but not an object)"):
            hf.find(str(path), "", ANY)
    os.truncate(path / "config.json", 2**31)  # sparse
    with pytest.raises(ValueError, match=r"has 2147483648 bytes; a JSON document has at most 100000000"):
        hf.find(str(path), "", ANY)
    (path / "config.json").unlink()
    (path / "config.json").mkdir()
    with pytest.raises(ValueError, match=r"cannot read .*config\.json: Is a directory"):
        hf.find(str(path), "", ANY)


# --- weights that are no numbers


@pytest.mark.parametrize("dtype", [np.float32, np.float16, "bfloat16"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_named(value, dtype, tmp_path):
    import jax.numpy as jnp
    from test_hf import load

    golden, dtype = read_golden("llama"), jnp.dtype(dtype)
    for name in ("model.layers.1.mlp.up_proj.weight", "model.embed_tokens.weight"):
        tensors = golden_tensors(golden, dtype)
        tensors[name][-1, -1] = value
        path = write_directory(tmp_path / f"{name}", golden, tensors=tensors)
        with pytest.raises(hf_files.NotFinite, match=rf"tensor {name} in .*safetensors: {value} among its weights"):
            load(path, model_config(path))
    load(write_directory(tmp_path / "good", golden, dtype=dtype), model_config(tmp_path / "good"))


def test_every_place_is_looked_at_and_large_numbers_are_finite():
    weights = np.full(3 * hf_files._CHECKED_AT_ONCE + 5, np.finfo(np.float32).max, np.float32)
    hf_files.check_finite(weights, "x")
    for place in (0, hf_files._CHECKED_AT_ONCE, len(weights) - 1):
        wrong = weights.copy()
        wrong[place] = np.nan
        with pytest.raises(hf_files.NotFinite, match="x: nan among its weights"):
            hf_files.check_finite(wrong, "x")


# --- GGUF


@pytest.fixture(scope="module")
def gguf_file(tmp_path_factory):
    pytest.importorskip("gguf", reason="pip install gguf")
    from test_gguf import TINY, write

    small = dataclasses.replace(TINY, vocab_size=264, hidden_size=8, intermediate_size=8, num_layers=1, num_heads=2,
                                num_kv_heads=1, head_dim=4)  # fmt: skip
    return write(tmp_path_factory.mktemp("gguf") / "small.gguf", config=small, quantised=False)


@pytest.mark.parametrize("how_many", HOW_MANY)
@pytest.mark.parametrize("part", ["all", "architecture"])
def test_gguf(how_many, part, gguf_file, tmp_path):
    from kpo_jax.weights import gguf as gguf_weights
    from kpo_jax.weights.tokenizers import load_tokenizer

    whole, path, seen = pathlib.Path(gguf_file).read_bytes(), tmp_path / "x.gguf", set()
    head = len(whole) if part == "all" else whole.index(b"tokenizer.")  # most bytes are of the tokens

    def body(content):
        path.write_bytes(content)
        seen.add(refused(gguf_weights.read_config, str(path)))
        if part == "all":
            refused(load_tokenizer, str(path))

    check(how_many, damaged(whole[:head]).map(lambda changed: changed + whole[head:]), body)
    assert seen == {True, False}


def test_a_length_that_lies_is_refused_at_once(gguf_file, tmp_path):
    from kpo_jax.weights import gguf as gguf_weights

    whole, path = pathlib.Path(gguf_file).read_bytes(), tmp_path / "x.gguf"
    place = whole.index(b"tokenizer.ggml.token_type") + len("tokenizer.ggml.token_type") + 4 + 4
    assert int.from_bytes(whole[place : place + 8], "little") == 264  # tokens

    def read():
        with pytest.raises(ValueError, match=r"truncated or corrupt at .* end behind the file|more than .* values"):
            gguf_weights.read_config(str(path))

    for length in (2**40, 2**22):
        path.write_bytes(whole[:place] + length.to_bytes(8, "little") + whole[place + 8 :])
        assert peak_bytes(read) < 2**21
