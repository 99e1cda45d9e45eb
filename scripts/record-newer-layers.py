"""Records layers that Keras 3.4 does not have, or of whose behaviour it recorded nothing, as test fixtures.

    KERAS_BACKEND=tensorflow python scripts/record-newer-layers.py > layers_newer.json
    node scripts/pack-keras-cases.mjs <folder of layers_newer.json> layers_newer

Needs keras >= 3.15 and tensorflow. The format is that of the other fixtures. LocalResponseNormalization is TensorFlow's
operation of that name, written as the configuration of the layer here.
"""

import base64
import json
import sys

import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(3)
cases = []


def stored(array):
    array = np.asarray(array)
    dtype = str(array.dtype)
    if array.dtype == np.bool_:
        array, dtype = array.astype(np.uint8), "bool"
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"shape": list(array.shape), "dtype": dtype, "data": data}


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def record(name, serialized, f, shapes, weights=(), masks=None, call={}):
    inputs = [tf.constant(rng.uniform(-1, 1, s).astype("float32")) for s in shapes]
    if masks is not None:
        for x, mask in zip(inputs, masks):
            if mask is not None:
                keras.src.backend.set_keras_mask(x, tf.constant(mask))
    before = [stored(w) for w in weights]
    variables = [w.value for w in weights if w.trainable]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = f(inputs if len(inputs) > 1 else inputs[0])
        cotangent = rng.uniform(-1, 1, y.shape).astype("float32")
        total = tf.reduce_sum(y * cotangent)
    gradients = [tf.convert_to_tensor(g).numpy() for g in tape.gradient(total, inputs + variables)]
    cases.append(
        {
            "id": f"newer/{name}/{sum(case['class_name'] == name for case in cases)}",
            "class_name": name,
            "serialized": plain(serialized),
            "inputs": [stored(x) for x in inputs],
            "inputs_as": "list" if len(inputs) > 1 else "single",
            "call": {**call, **({} if masks is None else {"mask": [None if m is None else stored(m) for m in masks]})},
            "weights": [{"name": w.name, "trainable": w.trainable, "value": v} for w, v in zip(weights, before)],
            "outputs": [stored(y)],
            "cotangents": [stored(cotangent)],
            "input_grads": [stored(g) for g in gradients[: len(inputs)]],
            "weight_grads": [stored(g) for g in gradients[len(inputs) :]] + [None] * (len(weights) - len(variables)),
            "non_trainable_after": [stored(w) for w in weights if not w.trainable],
            "losses": [],
        }
    )


def record_layer(layer, *shapes, masks=None, **call):
    layer.build(list(shapes) if len(shapes) > 1 else shapes[0])
    layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    record(type(layer).__name__, keras.layers.serialize(layer), lambda x: layer(x, **call), shapes, layer.weights, masks, call)


L = keras.layers
for kind in ("Average", "Max"):
    one, two, three = (getattr(L, f"Adaptive{kind}Pooling{rank}D") for rank in (1, 2, 3))
    record_layer(one(3), (2, 7, 2))
    record_layer(one(4, data_format="channels_first"), (2, 2, 9))
    record_layer(two((3, 2)), (1, 8, 5, 2))
    record_layer(two(2, data_format="channels_first"), (1, 2, 6, 5))
    record_layer(three((2, 3, 2)), (1, 5, 4, 6, 1))
record_layer(L.RMSNormalization(), (3, 5))
record_layer(L.RMSNormalization(epsilon=1e-2), (2, 3, 4))
record_layer(L.RMSNormalization(axis=[1, 2]), (2, 3, 4))
record_layer(L.ZeroPadding1D((2, 1), data_format="channels_first"), (2, 3, 4))
record_layer(L.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=1), (1, 4, 3, 2))
record_layer(L.Conv2DTranspose(2, (2, 4), strides=(2, 3), output_padding=(1, 0), data_format="channels_first"), (1, 3, 4, 3))
record_layer(L.BatchNormalization(renorm=True), (4, 3), training=True)
record_layer(L.BatchNormalization(renorm=True, momentum=0.9, renorm_momentum=0.8, axis=1, center=False), (3, 2, 4), training=True)
clipping = {"rmin": 0.4, "rmax": 0.6, "dmax": 0.1}
record_layer(L.BatchNormalization(renorm=True, renorm_clipping=clipping, scale=False), (4, 5, 3), training=True)
record_layer(L.BatchNormalization(renorm=True), (4, 3), training=False)
first = np.array([[True, True, False], [True, False, False]])
second = np.array([[True, False, False], [True, True, False]])
for cls in (L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum):
    record_layer(cls(), (2, 3, 4), (2, 3, 4), masks=[first, second])
    record_layer(cls(), (2, 3, 4), (2, 3, 4), (2, 3, 4), masks=[None, second, first])

lrn = {"depth_radius": 5, "bias": 1, "alpha": 1, "beta": 0.5}
for options in ({}, {"depth_radius": 2, "bias": 2, "alpha": 1e-4, "beta": 0.75}, {"depth_radius": 1, "alpha": 0.7, "beta": 1.3}):
    config = {**lrn, **options}
    serialized = {
        "module": "nabla.layers",
        "class_name": "LocalResponseNormalization",
        "config": {"name": "lrn", **config, "data_format": "channels_last"},
        "registered_name": "nabla>LocalResponseNormalization",
    }
    record("LocalResponseNormalization", serialized, lambda x: tf.nn.local_response_normalization(x, **config), [(2, 3, 2, 7)])

json.dump({"keras": keras.__version__, "group": "layers_newer", "cases": cases}, sys.stdout)
