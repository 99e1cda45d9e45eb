"""Several calls of one layer, with its outputs and weights after each: runs what `state_draws.py` drew."""

import keras
import numpy as np

from backends import tensor, value
from layer_cases import leaves, weight_values
from storing import plain, stored


def set_back(layer):
    """Bidirectional has layers that remember, and no method of its own for them in every version."""
    if hasattr(layer, "reset_state"):
        layer.reset_state()
    else:
        layer.reset_states()


def record(group, name, number, draw, spec):
    layer, calls = spec["layer"], spec["calls"]

    def call(step):
        options = {}
        if step["training"] is not None:
            options["training"] = step["training"]
        if step.get("mask") is not None:
            options["mask"] = tensor(step["mask"])
        return leaves(layer(tensor(step["inputs"]), **options))

    layer.build(calls[0]["inputs"].shape)
    values = weight_values(draw, layer.weights)
    if name.startswith("stateful"):
        values = [0 * v if "state" in w.name else v for v, w in zip(values, layer.weights)]
    layer.set_weights(values)
    case = {
        "id": f"random/{name}/{number}",
        "serialized": plain(keras.layers.serialize(layer)),
        "weights": [{"name": w.name, "path": w.path, "trainable": bool(w.trainable), "value": stored(value(w))} for w in layer.weights],
        "calls": [],
    }
    for step in calls:
        if step["reset"]:
            set_back(layer)
        outputs = call(step)
        case["calls"].append(
            {
                "inputs": stored(step["inputs"]),
                "training": step["training"],
                "reset": step["reset"],
                "mask": None if step.get("mask") is None else stored(np.asarray(step["mask"])),
                "outputs": [stored(value(y)) for y in outputs],
                "weights_after": [stored(value(w)) for w in layer.weights],
            }
        )
    return case
