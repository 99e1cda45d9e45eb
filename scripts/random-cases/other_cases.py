"""A callback over a series; a function of keras.utils: runs what `other_draws.py` drew."""

import keras
import numpy as np

from backends import value
from storing import plain, stored

# Names of NumPy 1 that Keras 3.4 uses.
np.Inf, np.unicode_ = np.inf, np.str_


def record(group, name, number, draw, spec):
    id = f"random/{name}/{number}"
    if "function" in spec:
        output = getattr(keras.utils, spec["function"])(*spec["args"], **spec["kwargs"])
        args = [plain(a) for a in spec["args"]]
        return {"id": id, "function": f"keras.utils.{spec['function']}", "args": args, "kwargs": plain(spec["kwargs"]), "output": stored(np.asarray(output))}
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["accuracy", "mae", keras.metrics.AUC(name="auc")])
    callback = getattr(keras.callbacks, spec["callback"])(**spec["kwargs"])
    callback.set_model(model)
    model.stop_training = False
    callback.on_train_begin()
    rates, stopped = [], None
    for epoch, monitored in enumerate(spec["series"]):
        model.set_weights([np.full((1, 1), epoch, "float32")])
        rates.append(float(value(model.optimizer.learning_rate)))
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {spec["monitor"]: monitored})
        if model.stop_training:
            stopped = epoch
            break
    callback.on_train_end()
    return {
        "id": id,
        "callback": spec["callback"],
        "kwargs": plain(spec["kwargs"]),
        "monitor": spec["monitor"],
        "series": spec["series"],
        "start_learning_rate": 0.1,
        "lr_used_in_epoch": rates,
        "stopped_after_epoch": stopped,
        "kernel_after_train_end": float(model.get_weights()[0][0, 0]),
    }
