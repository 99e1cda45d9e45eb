"""Records what Keras gives for floats of two bytes: recorded cases of layers under mixed policies, and of ops on float16 and
bfloat16 (every float array rounded to the format).

    PYTHONPATH=<keras 3.4.1> KERAS_BACKEND=tensorflow python scripts/record-short-floats.py <folder of the cases>

writes test/fixtures/keras/short_layers.json.gz and short_ops.json.gz. A case has the id of the case it was made from, the
dtype of its weights, and outputs (floats of two bytes as float32 arrays under their own dtype), or the error of Keras.
"""

import base64
import glob
import gzip
import json
import os
import sys

import keras
import ml_dtypes
import numpy as np
import tensorflow as tf

folder = sys.argv[1]
fixtures = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../test/fixtures/keras")
short = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def is_array(value):
    return isinstance(value, dict) and "shape" in value and "data" in value


def revive(value):
    numbers = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
    return numbers.get(value, value) if isinstance(value, str) else value


def decode(value):
    dtype = value["dtype"]
    if dtype == "string":
        return np.array(value["data"]).reshape(value["shape"])
    raw = np.frombuffer(base64.b64decode(value["data"]), dtype="uint8" if dtype == "bool" else dtype)
    return raw.reshape(value["shape"]).astype(dtype)


def tensors(value, rounded=None):
    """Stored arrays as tensors, floats of them rounded to a format."""
    if is_array(value):
        array = decode(value)
        return tf.constant(array.astype(short[rounded]) if rounded and array.dtype.kind == "f" else array)
    if isinstance(value, list):
        return [tensors(part, rounded) for part in value]
    if isinstance(value, dict):
        return {key: tensors(part, rounded) for key, part in value.items()}
    return revive(value)


def encode(value):
    if not hasattr(value, "dtype"):
        return {"shape": [], "dtype": "int32", "data": base64.b64encode(np.int32(value).tobytes()).decode()}
    dtype = keras.backend.standardize_dtype(value.dtype)
    array = np.array(tf.cast(value, tf.float32)) if dtype in short else np.array(value)
    return {"shape": list(array.shape), "dtype": dtype, "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def under(policy, value):
    """A configuration under another policy."""
    if isinstance(value, dict):
        if value.get("class_name") == "DTypePolicy":
            return {**value, "config": {"name": policy}}
        return {key: policy if key == "dtype" and part == "float32" else under(policy, part) for key, part in value.items()}
    return [under(policy, part) for part in value] if isinstance(value, list) else revive(value)


def layer_case(case, policy):
    keras.backend.clear_session()
    layer = keras.layers.deserialize(under(policy, case["serialized"]))
    inputs = tensors(case["inputs"])
    call = tensors(case.get("call") or {})
    states = [call.pop("states")] if "states" in call else []

    def run():
        return layer(inputs, **call) if case["inputs_as"] == "list" else layer(*inputs, *states, **call)

    outputs = run()
    if case["weights"]:
        layer.set_weights([decode(weight["value"]) for weight in case["weights"]])
        outputs = run()
    dtypes = [keras.backend.standardize_dtype(weight.dtype) for weight in layer.weights]
    return {"weights": dtypes, "outputs": [encode(output) for output in keras.tree.flatten(outputs)]}


def op_case(case, dtype):
    op = keras.ops
    for part in case["op"].split(".")[1:]:
        op = getattr(op, part)
    args = [tensors(value, dtype) for value in case["args"]]
    if case["op"] == "ops.repeat":
        args[1:] = [decode(value) if is_array(value) else value for value in case["args"][1:]]
    outputs = op(*args, **{key: tensors(value, dtype) for key, value in (case.get("kwargs") or {}).items()})
    return {"outputs": [encode(output) for output in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]}


def recorded(cases, formats, run):
    found = []
    for name in formats:
        for case in cases:
            try:
                found.append({"id": case["id"], "format": name, **run(case, name)})
            except Exception as error:
                found.append({"id": case["id"], "format": name, "error": type(error).__name__})
    return found


def write(name, cases):
    with gzip.GzipFile(os.path.join(fixtures, f"{name}.json.gz"), "w", mtime=0) as file:
        file.write(json.dumps({"keras": keras.__version__, "group": name, "cases": cases}).encode())


def packed(group):
    """Cases of a group that tests of the project have."""
    with gzip.open(os.path.join(fixtures, f"{group}.json.gz")) as file:
        ids = {case["id"] for case in json.load(file)["cases"]}
    with open(os.path.join(folder, f"{group}.json")) as file:
        return [case for case in json.load(file)["cases"] if case["id"] in ids]


layers = [os.path.basename(path)[:-5] for path in sorted(glob.glob(os.path.join(folder, "layers_*.json")))]
kept = [group for group in layers if group not in ("layers_adapt", "layers_preprocessing")]
write("short_layers", recorded([case for group in kept for case in packed(group)], ["mixed_bfloat16", "mixed_float16"], layer_case))
write("short_ops", recorded(packed("ops"), ["float16", "bfloat16"], op_case))
