"""One call of an op of keras.ops, with gradients."""

import keras
import numpy as np

from backends import gradients_of, tensor, value
from layer_cases import leaves
from storing import plain, stored


def find(name):
    place = keras.ops
    for part in name.split(".")[1:]:
        place = getattr(place, part)
    return place


def record(group, name, number, draw, spec):
    sources = []

    def convert(x):
        if isinstance(x, np.ndarray):
            sources.append(tensor(x))
            return sources[-1]
        if isinstance(x, list):
            return [convert(v) for v in x]
        if isinstance(x, dict):
            return {k: convert(v) for k, v in x.items()}
        return x

    args = [convert(x) for x in spec["args"]]
    kwargs = {k: convert(v) for k, v in spec.get("kwargs", {}).items()}
    # Pairs of real and imaginary parts are tuples, axes and shapes too.
    args = [tuple(a) if spec.get("tuples") and isinstance(a, list) else a for a in args]
    op = find(spec["op"])

    def call():
        return leaves(op(*args, **kwargs))

    case = {"id": f"random/{name}/{number}", "op": spec["op"], "args": plain(spec["args"]), "kwargs": plain(spec.get("kwargs", {}))}
    outputs = call()
    arrays = [value(y) for y in outputs]
    floating = [a.dtype == np.float32 for a in arrays]
    if spec.get("gradient", True) and any(floating) and any(np.issubdtype(value(s).dtype, np.floating) for s in sources):
        found, cotangents, gradients = gradients_of(
            call, sources, [], lambda ys: [draw.floats(*a.shape, low=-1, high=1) if f else None for a, f in zip(arrays, floating)]
        )
        case["cotangents"] = [None if c is None else stored(c) for c in cotangents]
        case["input_grads"] = [None if g is None else stored(g) for g in gradients]
    case["outputs"] = [stored(a) for a in arrays]
    return case
