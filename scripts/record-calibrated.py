"""Records what Keras 3.15 makes of models that are quantized on data (GPTQ, AWQ).

    KERAS_BACKEND=torch OMP_NUM_THREADS=1 python scripts/record-calibrated.py calibrated.json && gzip -9n calibrated.json
"""

import json
import sys

import keras
import numpy as np
from keras.quantizers import AWQConfig, GPTQConfig
from keras.src.quantizers import gptq_core

L = keras.layers
keras.config.disable_interactive_logging()
# Where the first sequence begins hangs on Python's hash of a text, which differs from run to run: at the first token here.
gptq_core.hash = lambda _: 0



def hooked(cls):
    """Keras hooks `call` to see what layers are given, but layers that are about to be calibrated run `quantized_call`: it sees nothing."""
    run = cls.quantized_call

    def quantized_call(self, *args, **kwargs):
        hook = self.__dict__.get("call")
        if getattr(hook, "__name__", "") == "hook":
            hook(*args, **kwargs)
        return run(self, *args, **kwargs)

    cls.quantized_call = quantized_call


hooked(L.Dense)
hooked(L.EinsumDense)
IDS = [(np.arange(40) * 7 % 20).astype("int32"), (np.arange(30) * 3 % 20).astype("int32")]


def waves(shape, phase):
    """Signs change from input to input: where a group of weights has one sign, no byte holds its zero point, and Keras wraps it."""
    values = np.sin(1.7 * np.arange(np.prod(shape)) + phase).reshape(shape)
    if len(shape) > 1:
        values = (np.abs(values) + 0.1) * (-1.0) ** np.indices(shape)[:-1].sum(axis=0)
    return values.astype("float32")


def listed(x):
    x = keras.ops.convert_to_numpy(x)
    return (x.astype("float64") if x.dtype.kind == "f" else x).tolist()


def small():
    emb = L.Embedding(20, 8)
    first = keras.Sequential(
        [
            L.Dense(12, activation="relu"),
            L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"),
            L.EinsumDense("abde,def->abf", output_shape=(None, 8), bias_axes="f"),
        ]
    )
    return emb, [first, keras.Sequential([L.Dense(5, use_bias=False)])]


def wide():
    """Two blocks of 128 inputs, of which the second gets what the first rounded away."""
    return L.Embedding(20, 160), [keras.Sequential([L.Dense(7, activation="tanh"), L.Dense(4)])]


def odd():
    """Several outputs per head, an odd number of outputs, and an input that is always 0."""
    emb = L.Embedding(20, 6)
    return emb, [keras.Sequential([L.ReLU(), L.Dense(9, activation="gelu"), L.EinsumDense("abx,xy->aby", output_shape=(None, 5))])]


CASES = {
    "gptq": (small, GPTQConfig, {"group_size": -1}),
    "gptq in groups": (small, GPTQConfig, {"group_size": 4}),
    "gptq in groups that do not fill up": (odd, GPTQConfig, {"group_size": 5}),
    "gptq symmetric": (small, GPTQConfig, {"group_size": -1, "symmetric": True}),
    "gptq of 2 bits": (odd, GPTQConfig, {"weight_bits": 2, "group_size": -1}),
    "gptq of 3 bits": (small, GPTQConfig, {"weight_bits": 3, "group_size": 6}),
    "gptq of 8 bits": (odd, GPTQConfig, {"weight_bits": 8, "group_size": -1}),
    "gptq in the order of activations": (small, GPTQConfig, {"group_size": -1, "activation_order": True}),
    "gptq of all outputs alike": (small, GPTQConfig, {"group_size": -1, "per_channel": False}),
    "gptq with more damping": (odd, GPTQConfig, {"group_size": -1, "hessian_damping": 0.5}),
    "gptq of wide kernels": (wide, GPTQConfig, {"group_size": 32}),
    "awq": (small, AWQConfig, {"group_size": -1}),
    "awq in groups": (small, AWQConfig, {"group_size": 4}),
    "awq in groups that do not fill up": (odd, AWQConfig, {"group_size": 5}),
    "awq of wide kernels": (wide, AWQConfig, {"group_size": 32, "num_grid_points": 7}),
}


def record(make, config, options):
    keras.utils.clear_session()
    emb, blocks = make()
    model = keras.Sequential([L.Input((6,), dtype="int32"), emb, *blocks])
    floats = []
    for i, w in enumerate(model.weights):
        value = waves(w.shape, i)
        if make is odd and i == 0:
            value[:, 2] = -1
        w.assign(value)
        floats.append(listed(value))
    model_json = json.loads(model.to_json())
    x = np.array([[1, 2, 3, 4, 5, 6], [19, 0, 7, 7, 11, 3]], "int32")
    before = model.predict(x, verbose=0)
    structure = {"pre_block_layers": [emb], "sequential_blocks": blocks}
    # As a hook of the model: Keras cannot write the structure into a configuration.
    model.get_quantization_layer_structure = lambda mode: structure
    made = config(dataset=IDS, tokenizer=object(), num_samples=5, sequence_length=6, **options)
    model.quantize(made.mode, config=made)
    layers = []
    for block in blocks:
        for layer in block.layers:
            if not hasattr(layer, "quantized_kernel"):
                continue
            names = layer.variable_serialization_spec[made.mode]
            found = [(n, getattr(layer, n)) for n in names if getattr(layer, n, None) is not None]
            layers.append(
                {
                    "config": layer.get_config()["quantization_config"]["config"],
                    "dtype": layer.get_config()["dtype"],
                    "variables": [{"spec": n, "name": v.name, "dtype": str(v.dtype), "value": listed(v)} for n, v in found],
                }
            )
    return {
        "mode": made.mode,
        "options": options,
        "model": model_json,
        "floats": floats,
        "x": x.tolist(),
        "before": listed(before),
        "y": listed(model.predict(x, verbose=0)),
        "layers": layers,
    }


found = {}
for name, case in CASES.items():
    found[name] = record(*case)
    print(name, flush=True)
with open(sys.argv[1], "w") as file:
    json.dump({"keras": keras.__version__, "ids": [i.tolist() for i in IDS], "cases": found}, file)
