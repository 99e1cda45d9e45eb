"""Records what Keras (3.15, PyTorch back-end) computes with quantized layers: python scripts/record-quantized.py OUT.json"""
import json
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import torch

rng = np.random.default_rng(1)
q = keras.quantizers
cases = {}


def plain(values):
    return np.array([float(f"{v:.9g}") for v in np.asarray(values, dtype="float64").ravel()]).reshape(np.shape(values)).tolist()


def normal(*shape):
    return plain(rng.normal(size=shape).astype("float32"))


def record(name, make, shape, x, configs, reverse=None):
    for mode, config in configs:
        layer = make()
        layer.build(shape)
        floats = [normal(*w.shape) for w in layer.weights]
        layer.set_weights([np.array(f, dtype="float32") for f in floats])
        layer.quantize(mode, config=config)
        array = np.array(x, dtype="int32" if np.asarray(x).dtype.kind == "i" else "float32")
        case = {
            "layer": keras.layers.serialize(layer),
            "shape": shape,
            "floats": floats,
            "mode": mode,
            "x": x,
            "y": plain(keras.ops.convert_to_numpy(layer(array))),
            "weights": [
                {"name": w.name, "dtype": str(w.dtype), "value": plain(keras.ops.convert_to_numpy(w))} for w in layer.weights
            ],
        }
        if reverse is not None:
            vectors = np.array(reverse, dtype="float32")
            case["reverse"] = [reverse, plain(keras.ops.convert_to_numpy(layer(vectors, reverse=True)))]
        elif array.dtype != np.int32:
            given = torch.tensor(array, requires_grad=True)
            layer(given).square().sum().backward()
            case["gradient"] = plain(given.grad.numpy())
        block = "" if not hasattr(config, "block_size") else f", blocks {config.block_size}"
        inputs = "" if config is None else f", inputs {'quantized' if config.activation_quantizer else 'as they are'}"
        cases[f"{name}: {mode}{block}{inputs}"] = case


every = [
    ("int8", None),
    ("int8", q.Int8QuantizationConfig(activation_quantizer=None)),
    ("int4", None),
    ("int4", q.Int4QuantizationConfig(block_size=None)),
    ("int4", q.Int4QuantizationConfig(block_size=-1, activation_quantizer=q.AbsMaxQuantizer())),
    ("int4", q.Int4QuantizationConfig(block_size=3)),
]
record("Dense", lambda: keras.layers.Dense(5, activation="relu"), (None, 7), normal(3, 7), every)
record("Dense of rank 3", lambda: keras.layers.Dense(4, use_bias=False), (None, 2, 7), normal(3, 2, 7), every[:3])
for equation, output, bias, shape in [
    ("abc,cd->abd", (None, 5), "d", (3, 2, 7)),
    ("abc,cde->abde", (None, 2, 3), "de", (2, 3, 6)),
    ("abcd,cde->abe", (None, 5), "e", (2, 3, 2, 3)),
    ("ab,bc->ac", 4, "c", (3, 6)),
]:
    layer = lambda: keras.layers.EinsumDense(equation, output_shape=output, bias_axes=bias)
    record(f"EinsumDense {equation}", layer, (None,) + shape[1:], normal(*shape), every)
indices = rng.integers(0, 6, size=(2, 3)).tolist()
record("Embedding", lambda: keras.layers.Embedding(6, 5), (None, 3), indices, every)
for tied in (True, False):
    layer = lambda: keras.layers.ReversibleEmbedding(6, 5, tie_weights=tied, logit_soft_cap=3.0)
    kind = "tied" if tied else "untied"
    record(f"ReversibleEmbedding, {kind}", layer, (None, 3), indices, [every[i] for i in (0, 2, 3, 5)], reverse=normal(2, 3, 5))
with open(sys.argv[1], "w") as file:
    json.dump({"keras": keras.__version__, "cases": cases}, file)
