"""A sequence of updates of a metric, with the result after each."""

import keras

from backends import tensor, value
from storing import plain, stored


def record(group, name, number, draw, spec):
    metric = getattr(keras.metrics, spec["cls"])(**spec["kwargs"])
    case = {"id": f"random/{name}/{number}", "class_name": spec["cls"], "kwargs": plain(spec["kwargs"]), "config": plain(metric.get_config()), "updates": []}
    for args, weight in spec["updates"]:
        metric.update_state(*[tensor(a) for a in args], **({} if weight is None else {"sample_weight": tensor(weight)}))
        case["updates"].append(
            {
                "args": [stored(a) for a in args],
                "sample_weight": None if weight is None else stored(weight),
                "result_after": stored(value(metric.result())),
            }
        )
    case["result"] = case["updates"][-1]["result_after"]
    case["variables"] = [{"name": v.name, "value": stored(value(v))} for v in metric.variables]
    return case
