"""Activations and regularizers with gradients; constraints."""

import keras

from backends import gradients_of, tensor, value
from storing import plain, stored


def record(group, name, number, draw, spec):
    x = tensor(spec["x"])
    case = {"id": f"random/{name}/{number}", "kwargs": plain(spec["kwargs"]), "input": stored(spec["x"])}
    if "constraint" in spec:
        made = getattr(keras.constraints, spec["constraint"])(**spec["kwargs"])
        return case | {"class_name": spec["constraint"], "config": plain(made.get_config()), "output": stored(value(made(x)))}
    if "regularizer" in spec:
        made = getattr(keras.regularizers, spec["regularizer"])(**spec["kwargs"])
        found, _, (gradient,) = gradients_of(lambda: [made(x)], [x], [], lambda ys: [draw.floats(low=1, high=1)])
        return case | {"class_name": spec["regularizer"], "config": plain(made.get_config()), "output": stored(value(found[0])), "input_grad": stored(gradient)}
    f = keras.activations.get(spec["activation"])
    found, (cotangent,), (gradient,) = gradients_of(lambda: [f(x, **spec["kwargs"])], [x], [], lambda ys: [draw.floats(*spec["x"].shape, low=-1, high=1)])
    return case | {"activation": spec["activation"], "output": stored(value(found[0])), "cotangent": stored(cotangent), "input_grad": stored(gradient)}
