"""Random activations, regularizers and constraints."""

import keras


def activation(name, **choices):
    def draw(d):
        return {"activation": name, "kwargs": d.options(**choices), "x": d.floats(*d.sizes(d.int(2, 3), 1, 6), low=-7, high=7)}

    return draw


def regularizer(d):
    cls, kwargs = d.pick(("L1", d.options(l1=[0.2])), ("L2", d.options(l2=[0.2])), ("L1L2", d.options(l1=[0.2], l2=[0.1])), ("OrthogonalRegularizer", d.options(factor=[0.1], mode=["rows", "columns"])))
    return {"regularizer": cls, "kwargs": kwargs, "x": d.floats(*(d.sizes(2, 2, 4) if cls.startswith("Ort") else d.sizes(d.int(1, 3), 1, 4)))}


def constraint(d):
    x = d.floats(*d.sizes(d.int(1, 4), 1, 4))
    axis = lambda: d.pick(0, -1, x.ndim - 1, [0, x.ndim - 1] if x.ndim > 1 else 0)  # noqa: E731
    cls, kwargs = d.pick(
        ("MaxNorm", d.options(max_value=[0.5, 1.5], axis=axis)),
        ("MinMaxNorm", d.options(min_value=[0.3], max_value=[0.8], rate=[0.5], axis=axis)),
        ("NonNeg", {}),
        ("UnitNorm", d.options(axis=axis)),
    )
    return {"constraint": cls, "kwargs": kwargs, "x": x}


NAMES = {
    "relu": {"negative_slope": [0.1], "max_value": [1.5], "threshold": [0.5]}, "leaky_relu": {"negative_slope": [0.1]}, "relu6": {}, "softmax": {"axis": [-1, 1, 0]},
    "elu": {"alpha": [0.5]}, "selu": {}, "softplus": {}, "softsign": {}, "silu": {}, "gelu": {"approximate": [True, False]}, "tanh": {}, "sigmoid": {},
    "exponential": {}, "hard_sigmoid": {}, "hard_silu": {}, "linear": {}, "mish": {}, "log_softmax": {"axis": [-1, 1, 0]},
}  # fmt: skip

DRAWS = {
    "activations": {name: activation(name, **choices) for name, choices in NAMES.items()},
    "regularizers": {"regularizers": regularizer},
    "constraints": {"constraints": constraint},
}
