"""Steps of an optimizer over fixed gradients; values of a schedule."""

import keras
import numpy as np

from backends import tensor, value
from storing import plain, stored


def record(group, name, number, draw, spec):
    id = f"random/{name}/{number}"
    if "schedule" in spec:
        schedule = spec["schedule"]
        steps = list(range(0, 14))
        values = np.array([float(value(schedule(s))) for s in steps], "float32")
        config = schedule.get_config()
        kwargs = {k: v for k, v in config.items() if k != "name"}
        return {"id": id, "class_name": type(schedule).__name__, "kwargs": plain(kwargs), "config": plain(config), "steps": steps, "values": stored(values)}
    optimizer = getattr(keras.optimizers, spec["cls"])(**spec["kwargs"])
    initial = [draw.floats(*shape) for shape in spec["shapes"]]
    variables = [keras.Variable(v, name=f"v{i}") for i, v in enumerate(initial)]
    optimizer.build(variables)
    case = {
        "id": id,
        "class_name": spec["cls"],
        "kwargs": plain(spec["kwargs"]),
        "config": plain(optimizer.get_config()),
        "initial": [stored(v) for v in initial],
        "gradients": [],
        "after_step": [],
    }
    for step in range(spec["steps"]):
        gradients = [draw.floats(*shape) * np.float32(spec.get("scale", 1)) for shape in spec["shapes"]]
        if spec.get("infinite_at") == step and gradients[0].size:
            gradients[0].flat[0] = np.inf
        optimizer.apply([tensor(g) for g in gradients], variables)
        case["gradients"].append([stored(g) for g in gradients])
        case["after_step"].append([stored(value(v)) for v in variables])
    case["optimizer_variables"] = [{"name": v.name, "path": v.path, "value": stored(value(v))} for v in optimizer.variables]
    if getattr(optimizer, "inner_optimizer", optimizer).use_ema:
        optimizer.finalize_variable_values(variables)
        case["after_finalize"] = [stored(value(v)) for v in variables]
    return case
