"""Random series for the callbacks that watch one, and arguments of keras.utils."""

import numpy as np


def series(d, up):
    """Numbers that get better for a while, in steps and plateaus."""
    values, value = [], 0.3 if up else 1.0
    for _ in range(d.int(4, 14)):
        value += (0.06 if up else -0.1) * d.real(-1, 1.6) * d.pick(0, 1, 1, 0.01)
        values.append(round(float(value), 4))
    return values


def callback(name):
    def draw(d):
        up = d.maybe(0.4)
        monitor = d.pick("val_accuracy", "accuracy", "auc") if up else d.pick("val_loss", "loss", "mae")
        kwargs = {"monitor": monitor, "mode": "max" if up else "min"}
        if monitor in ("val_loss", "loss", "val_accuracy", "accuracy") and d.maybe():
            kwargs["mode"] = "auto"
        kwargs["patience"] = d.int(0, 3)
        kwargs |= d.options(min_delta=[0, 0.01, 0.05, -0.01])
        if name == "EarlyStopping":
            kwargs |= d.options(restore_best_weights=[True], start_from_epoch=[1, 3], baseline=[0.35, 0.9])
        else:
            kwargs |= d.options(factor=[0.5, 0.1, 0.9], cooldown=[1, 2], min_lr=[0.01, 0.03])
        return {"callback": name, "kwargs": kwargs, "monitor": monitor, "series": series(d, up)}

    return draw


def pad_sequences(d):
    rows = [d.ints(d.int(0, 5), low=1, high=9).tolist() for _ in range(d.int(1, 4))]
    kwargs = d.options(maxlen=[1, 3, 6], padding=["pre", "post"], truncating=["pre", "post"], value=[0.0, 2, -1.0], dtype=["int32", "float32"])
    return {"function": "pad_sequences", "args": [rows], "kwargs": kwargs}


def to_categorical(d):
    x = d.ints(*d.pick([5], [2, 3], [4, 1], [1]), low=0, high=3)
    return {"function": "to_categorical", "args": [x], "kwargs": d.options(num_classes=[4, 6])}


def normalize(d):
    # Keras 3.4 divides vectors, and along axis 0, by what does not belong to them.
    x = d.floats(*d.sizes(d.int(2, 3), 1, 4))
    if d.maybe(0.3):
        x.reshape(-1)[: x.shape[-1]] = 0
    kwargs = d.options(axis=[-1, 1, x.ndim - 1], order=[1, 2, 3, np.inf])
    return {"function": "normalize", "args": [x], "kwargs": kwargs}


DRAWS = {
    "callbacks": {name: callback(name) for name in ("EarlyStopping", "ReduceLROnPlateau")},
    "utils": {"pad_sequences": pad_sequences, "to_categorical": to_categorical, "normalize": normalize},
}
