"""Records the networks of keras.applications: layers, weights, configurations and, with filled weights, the forward pass.

    KERAS_BACKEND=torch python scripts/record-applications.py OUT.json [--case REGEXP] [--configs] [--only-forward] [--no-forward]
    node scripts/pack-keras-cases.mjs <folder of OUT.json> OUT

Needs keras >= 3.15. The filling of weights and the input are the formula of the other fixtures (test/keras/applications.ts);
`gain` is chosen per case so that signals neither vanish nor overflow. `--case` keeps cases whose name matches an expression,
`--configs` adds `model.to_json()` (test/keras/zoo.slow.test.ts compares it, fixtures do without).
"""

import argparse
import base64
import json
import re

import keras
import numpy as np

# Application, smallest image that every part of it sees, options of its own that change its layers.
NETWORKS = [
    ("VGG16", 32, []),
    ("VGG19", 32, []),
    ("ResNet50", 32, []),
    ("ResNet101", 32, []),
    ("ResNet152", 32, []),
    ("ResNet50V2", 32, []),
    ("ResNet101V2", 32, []),
    ("ResNet152V2", 32, []),
    ("InceptionV3", 75, []),
    ("InceptionResNetV2", 75, []),
    ("Xception", 71, []),
    ("DenseNet121", 32, []),
    ("DenseNet169", 32, []),
    ("DenseNet201", 32, []),
    ("MobileNet", 64, [{"alpha": 0.25, "depth_multiplier": 2, "dropout": 0.3}, {"alpha": 1.5}]),
    ("MobileNetV2", 32, [{"alpha": 0.35}, {"alpha": 1.4}]),
    (
        "MobileNetV3Small",
        32,
        [{"alpha": 0.75}, {"alpha": 1.5}, {"minimalistic": True}, {"include_preprocessing": False, "dropout_rate": 0.0}],
    ),
    ("MobileNetV3Large", 32, [{"minimalistic": True, "alpha": 1.25}, {"include_preprocessing": False}]),
    ("NASNetMobile", 32, []),
    ("NASNetLarge", 32, []),
    *[(f"EfficientNetB{i}", 32, []) for i in range(8)],
    *[(f"EfficientNetV2{i}", 32, [{"include_preprocessing": False}] if i in ("B0", "S") else []) for i in ("B0", "B1", "B2", "B3", "S", "M", "L")],
    ("ConvNeXtTiny", 32, [{"include_preprocessing": False}, {"name": "mine"}]),
    ("ConvNeXtSmall", 32, []),
    ("ConvNeXtBase", 32, []),
    ("ConvNeXtLarge", 32, []),
    ("ConvNeXtXLarge", 32, []),
]

INPUT_INDEX = 999983


def formula(size, k):
    i = np.arange(1, size + 1, dtype=np.uint32)
    x = (i * np.uint32(2654435761)) ^ np.uint32((k + 1) * 2246822519 % 2**32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(2246822507)
    x ^= x >> np.uint32(13)
    x *= np.uint32(3266489909)
    x ^= x >> np.uint32(16)
    return 2 * (x.astype(np.float64) / 2**32) - 1


def filled(weight, k, gain):
    shape = tuple(weight.shape)
    w = formula(int(np.prod(shape)), k).reshape(shape)
    name = weight.name
    if name == "depthwise_kernel":
        w = w * gain * np.sqrt(6 / (shape[0] * shape[1]))
    elif len(shape) >= 2:
        w = w * gain * np.sqrt(6 / np.prod(shape[:-1]))
    elif name == "gamma":
        w = 1 + 0.2 * w
    elif name == "moving_variance":
        w = 1 + 0.5 * w
    else:
        w = 0.1 * w
    return w.astype(np.float32)


def stored(array):
    array = np.ascontiguousarray(np.asarray(array, dtype=np.float32))
    return {"shape": list(array.shape), "dtype": "float32", "data": base64.b64encode(array.tobytes()).decode()}


def cases():
    for application, size, extras in NETWORKS:
        shape = [size, size, 3]
        yield application, "top", {}, False
        yield application, "notop", {"include_top": False}, False
        yield application, "avg", {"include_top": False, "pooling": "avg", "input_shape": shape}, False
        yield application, "max", {"include_top": False, "pooling": "max", "input_shape": [size + 13, size + 32, 3]}, True
        yield application, "logits", {"classes": 7, "input_shape": shape, "classifier_activation": None}, True
        yield application, "sigmoid", {"classes": 3, "input_shape": [size + 5, size + 1, 1], "classifier_activation": "sigmoid"}, False
        yield application, "tensor", {"include_top": False, "input_tensor": [size + 8, size + 3, 3], "name": "given"}, False
        for extra in extras:
            name = ",".join(f"{key}={value}" for key, value in extra.items())
            yield application, name, {"classes": 5, "input_shape": shape, "classifier_activation": None, **extra}, True


def shape_of(layer):
    output = layer.output
    return [list(x.shape) for x in output] if isinstance(output, (list, tuple)) else list(output.shape)


def structure(model):
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    return {
        "model_name": model.name,
        "layers": [[l.name, type(l).__name__, shape_of(l), l.count_params()] for l in model.layers],
        "weights": [["/".join(w.path.split("/")[-2:]), list(w.shape)] for w in model.weights],
        "total_params": model.count_params(),
        "trainable_params": trainable,
        "weight_count": len(model.weights),
    }


def save_weights(model, base):
    """The two layouts of files of weights: Keras's own, and that of the files that its authors publish."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    model.save_weights(f"{base}.weights.h5")
    with h5py.File(f"{base}.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def forward(model):
    shape = [2] + [int(s) for s in model.input_shape[1:]]
    x = formula(int(np.prod(shape)), INPUT_INDEX).reshape(shape).astype(np.float32)
    # A network that scales its images itself gets pixels.
    scales = any(type(l).__name__ in ("Rescaling", "Normalization") for l in model.layers[:4])
    if scales:
        x = (127.5 * x.astype(np.float64) + 127.5).astype(np.float32)
    best = None
    for gain in (1.0, 0.75, 1.3, 1.6, 2.0):
        for k, weight in enumerate(model.weights):
            weight.assign(filled(weight, k, gain))
        y = keras.ops.convert_to_numpy(model(x, training=False))
        largest = np.abs(y).max()
        # How much the answers for two images differ: what a wrong layer would show in.
        contrast = np.abs(y[0] - y[1]).max() / largest if 0.01 < largest < 100 else 0
        if best is None or contrast > best[0]:
            best = contrast, gain, y
        if contrast > 0.01:
            break
    _, gain, y = best
    for k, weight in enumerate(model.weights):
        weight.assign(filled(weight, k, gain))
    return {"gain": gain, "weight_index_offset": 0, "input_index": INPUT_INDEX, "pixels": scales, "input_shape": shape, "output": stored(y)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--case", default="")
    parser.add_argument("--configs", action="store_true")
    parser.add_argument("--only-forward", action="store_true")
    parser.add_argument("--no-forward", action="store_true")
    parser.add_argument("--weights", metavar="FOLDER", help="keep the filled weights of cases that run, as two files each")
    options = parser.parse_args()
    found = []
    for application, name, kwargs, runs in cases():
        entry = {"id": f"zoo/{application}/{name}", "application": application, "kwargs": {"weights": None, **kwargs}}
        if not re.search(options.case, entry["id"]) or (options.only_forward and not runs):
            continue
        keras.backend.clear_session()
        arguments = dict(entry["kwargs"])
        if "input_tensor" in arguments:
            arguments["input_tensor"] = keras.Input(arguments["input_tensor"])
        try:
            model = getattr(keras.applications, application)(**arguments)
        except Exception as error:
            entry["error"] = str(error)
            found.append(entry)
            continue
        entry.update(structure(model))
        if options.configs:
            entry["config"] = json.loads(model.to_json())
        if runs and not options.no_forward:
            entry.update(forward(model))
            if options.weights:
                save_weights(model, f"{options.weights}/{application}-{name}")
        found.append(entry)
        print(entry["id"], entry["total_params"], entry.get("gain", ""), flush=True)
    with open(options.out, "w") as file:
        json.dump({"keras": keras.__version__, "group": "zoo", "cases": found}, file)


main()
