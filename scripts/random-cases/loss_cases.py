"""One call of a loss, with its gradient by the predictions."""

import keras

from backends import gradients_of, tensor, value
from storing import plain, stored


def record(group, name, number, draw, spec):
    if "function" in spec:
        return record_function(name, number, draw, spec)
    loss = getattr(keras.losses, spec["cls"])(**spec["kwargs"])
    t, p = tensor(spec["y_true"]), tensor(spec["y_pred"])
    weight = spec.get("sample_weight")
    if spec.get("mask") is not None:
        p._keras_mask = tensor(spec["mask"])

    def call():
        return [loss(t, p, sample_weight=None if weight is None else tensor(weight))]

    found, (cotangent,), (gradient,) = gradients_of(call, [p], [], lambda ys: [draw.floats(*value(ys[0]).shape, low=-1, high=1)])
    case = {
        "id": f"random/{name}/{number}",
        "class_name": spec["cls"],
        "kwargs": plain(spec["kwargs"]),
        "config": plain(loss.get_config()),
        "y_true": stored(spec["y_true"]),
        "y_pred": stored(spec["y_pred"]),
        "sample_weight": None if weight is None else stored(weight),
        "output": stored(value(found[0])),
        "cotangent": stored(cotangent),
        "grad_y_pred": stored(gradient if gradient is not None else 0 * spec["y_pred"]),
    }
    if spec.get("mask") is not None:
        case["y_pred_mask"] = stored(spec["mask"])
    return case


def record_function(name, number, draw, spec):
    t, p = tensor(spec["y_true"]), tensor(spec["y_pred"])
    function = getattr(keras.losses, spec["function"])

    def call():
        return [function(t, p, **spec["kwargs"])]

    found, (cotangent,), (gradient,) = gradients_of(call, [p], [], lambda ys: [draw.floats(*value(ys[0]).shape, low=-1, high=1)])
    return {
        "id": f"random/{name}/{number}",
        "function": spec["function"],
        "kwargs": plain(spec["kwargs"]),
        "y_true": stored(spec["y_true"]),
        "y_pred": stored(spec["y_pred"]),
        "output": stored(value(found[0])),
        "cotangent": stored(cotangent),
        "grad_y_pred": stored(gradient if gradient is not None else 0 * spec["y_pred"]),
    }
