"""A preprocessing layer after `adapt`: what it learned, and what it gives."""

import keras

from backends import value
from layer_cases import as_tensor, is_text
from storing import plain, stored


def record(group, name, number, draw, drawn):
    cls, kwargs, data, x = drawn
    layer = getattr(keras.layers, cls)(**kwargs)
    layer.adapt(as_tensor(data) if is_text(data) else data)
    case = {
        "id": f"random/adapt/{name}/{number}",
        "class_name": cls,
        "kwargs": plain(kwargs),
        "adapt_data": stored(data),
        "input": stored(x),
        "output": stored(value(layer(as_tensor(x)))),
        "config_after": plain(layer.get_config()),
    }
    if hasattr(layer, "get_vocabulary"):
        case["vocabulary"] = plain(layer.get_vocabulary())
        del case["config_after"]
        case["config_after"] = {k: v for k, v in plain(layer.get_config()).items()}
    if cls == "Normalization":
        case["weights"] = [{"name": w.name, "value": stored(value(w))} for w in layer.weights]
    return case
