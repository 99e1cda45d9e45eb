"""One call of a layer, with gradients: runs what `layer_draws.py` drew."""

import inspect

import keras
import numpy as np

from backends import gradients_of, tensor, value
from storing import plain, stored


def tree_map(f, tree):
    if isinstance(tree, (list, tuple)):
        return type(tree)(tree_map(f, v) for v in tree)
    return f(tree)


def leaves(tree):
    if isinstance(tree, (list, tuple)):
        return [leaf for v in tree for leaf in leaves(v)]
    return [tree]


def is_text(array):
    return array.dtype.kind in "UO"


def as_tensor(x):
    if not isinstance(x, np.ndarray):
        return x
    if is_text(x):
        import tensorflow as tf

        return tf.constant(x.astype(object))
    return tensor(x)


def rounded(array, dtype):
    """Cotangents of outputs of a dtype, null if they have none."""
    if not keras.backend.is_float_dtype(str(dtype)):
        return None
    return array.astype(dtype)


def weight_values(draw, weights):
    values = []
    for w in weights:
        shape = tuple(w.shape)
        if not keras.backend.is_float_dtype(w.dtype):
            values.append(value(w))
        elif "variance" in w.name or "gamma" in w.name:
            values.append(draw.floats(*shape, low=0.5, high=1.5))
        else:
            values.append(draw.floats(*shape, low=-0.8, high=0.8))
    return values


def record(group, name, number, draw, spec):
    layer = spec["layer"]
    arrays = spec["inputs"]
    inputs = [as_tensor(x) for x in arrays]
    style = spec.get("inputs_as", "single")
    options = {k: tree_map(as_tensor, v) for k, v in spec.get("call", {}).items()}
    used = dict(options)
    if "mask" in used and "mask" not in inspect.signature(layer.call).parameters:
        del used["mask"]
    if "mask" in options and "mask" not in used and style == "list":
        # Layers that merge look at the masks of their inputs.
        for x, mask in zip(inputs, options["mask"]):
            if mask is not None:
                x._keras_mask = mask
    states = used.pop("states", None)

    def call():
        if style == "list":
            return leaves(layer(inputs, **used))
        args = [*inputs] if states is None else [*inputs, states]
        return leaves(layer(*args, **used))

    call()
    values = weight_values(draw, layer.weights)
    layer.set_weights(values)
    before = [
        {"name": w.name, "path": w.path, "trainable": bool(w.trainable), "value": stored(value(w))} for w in layer.weights
    ]
    serialized = keras.layers.serialize(layer)
    if getattr(layer, "stateful", False):
        layer.reset_state()
    call()
    after = [stored(value(w)) for w in layer.weights if not w.trainable]
    losses = [float(value(loss)) for loss in layer.losses]

    if getattr(layer, "stateful", False):
        layer.reset_state()
    layer.set_weights(values)
    floats = [x for x, a in zip(inputs, arrays) if not is_text(a)]
    extra = {k: v for k, v in options.items() if any(isinstance(a, np.ndarray) for a in leaves(spec["call"][k]))}
    extra_leaves = [x for v in extra.values() for x in leaves(v)]
    sources = [*floats, *[x for x in extra_leaves if x is not None]]
    trainable = [w for w in layer.weights if w.trainable]

    def cotangents_of(found):
        return [rounded(draw.floats(*value(y).shape, low=-1, high=1), value(y).dtype) for y in found]

    found, cotangents, gradients = gradients_of(call, sources, trainable, cotangents_of)
    # The training-dependent output must be the recorded one.
    outputs = [value(y) for y in found]
    of_inputs = gradients[: len(floats)]
    of_extra = iter(gradients[len(floats) : len(sources)])
    of_weights = iter(gradients[len(sources) :])

    def stored_or_null(g):
        return None if g is None else stored(g)

    case = {
        "id": f"random/{name}/{number}",
        "class_name": type(layer).__name__,
        "kwargs": plain(spec.get("kwargs")),
        "config": plain(serialized["config"]),
        "serialized": plain(serialized),
        "inputs": [stored(x) for x in arrays],
        "inputs_as": style,
        "call": plain(spec.get("call", {})),
        "weights": before,
        "outputs": [stored(y) for y in outputs],
        "cotangents": [stored_or_null(c) for c in cotangents],
        "input_grads": [stored_or_null(g) for g in of_inputs],
        "weight_grads": [stored_or_null(next(of_weights)) if w.trainable else None for w in layer.weights],
        "call_grads": {
            k: tree_map(lambda x: None if x is None else stored_or_null(next(of_extra)), v) if isinstance(v, list) else stored_or_null(next(of_extra))
            for k, v in extra.items()
        },
        "non_trainable_after": after,
        "losses": plain(losses),
    }
    if spec.get("mask_of_output"):
        mask = layer.compute_mask(inputs if style == "list" else inputs[0], options.get("mask"))
        if not isinstance(mask, (list, tuple)):
            case["output_mask"] = None if mask is None else stored(value(mask))
    return case
