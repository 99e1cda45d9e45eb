"""Random losses: reductions, weights, masks, options."""

import numpy as np

REDUCTIONS = ("sum_over_batch_size", "sum", None)


def shape_of(d, low=1, high=3):
    return [d.int(1, 4), *d.sizes(d.int(low, high) - 1 if high > 1 else 0, 1, 5)]


def probabilities(d, shape):
    p = d.floats(*shape, low=0.05, high=1)
    return (p / p.sum(-1, keepdims=True)).astype("float32")


def one_hot(d, shape):
    labels = d.ints(*shape[:-1], low=0, high=shape[-1] - 1)
    return np.eye(shape[-1], dtype="float32")[labels]


def finish(d, cls, kwargs, t, p, weights=True, masks=True, rank=None):
    if d.maybe(0.6):
        kwargs = {**kwargs, "reduction": d.pick(*REDUCTIONS)}
    spec = {"cls": cls, "kwargs": kwargs, "y_true": t, "y_pred": p}
    per_sample = rank if rank is not None else p.ndim - 1
    if weights and d.maybe(0.45):
        full = list(p.shape[:per_sample])
        shape = d.pick(full, [p.shape[0]] if per_sample else full, [*full[:1], *[1] * (len(full) - 1)], [*full, 1] if per_sample else full)
        spec["sample_weight"] = d.floats(*shape, low=0, high=2) if d.maybe(0.8) else d.ints(*shape, low=0, high=2).astype("float32")
    if masks and d.maybe(0.3) and per_sample:
        spec["mask"] = d.bools(*p.shape[:per_sample])
    return spec


def regression(cls, positive=False, **choices):
    def draw(d):
        shape = shape_of(d)
        if len(shape) == 1:
            shape = [shape[0], 1] if d.maybe() else shape
        t = d.floats(*shape, low=0.1 if positive else -2, high=3)
        p = d.floats(*shape, low=0.1 if positive else -2, high=3)
        if len(shape) == 2 and d.maybe(0.1):
            t = t[:, 0:1] if d.maybe() else t
        return finish(d, cls, d.options(**choices), t, p)

    return draw


def hinge(cls):
    def draw(d):
        shape = [d.int(1, 4), d.int(1, 5)]
        t = d.ints(*shape, low=0, high=1).astype("float32")
        if cls == "CategoricalHinge":
            t = one_hot(d, [shape[0], shape[1] + 1])
            shape = [shape[0], shape[1] + 1]
        elif d.maybe():
            t = 2 * t - 1
        return finish(d, cls, {}, t.astype("float32"), d.floats(*shape))

    return draw


def binary(cls):
    def draw(d):
        shape = shape_of(d, 2, 3)
        kwargs = d.options(from_logits=[True, False], label_smoothing=[0.1, 0.3])
        if cls == "BinaryFocalCrossentropy":
            kwargs |= d.options(apply_class_balancing=[True], alpha=[0.4], gamma=[1.0, 3.0])
        if len(shape) > 1 and d.maybe(0.2):
            kwargs["axis"] = d.pick(-1, len(shape) - 1)
        t = d.ints(*shape, low=0, high=1).astype("float32") if d.maybe(0.8) else d.floats(*shape, low=0, high=1)
        p = d.floats(*shape, low=-4, high=4) if kwargs.get("from_logits") else d.floats(*shape, low=0, high=1)
        return finish(d, cls, kwargs, t, p)

    return draw


def categorical(cls):
    def draw(d):
        shape = [*shape_of(d, 1, 3), d.int(2, 5)]
        kwargs = d.options(from_logits=[True, False], label_smoothing=[0.1, 0.3])
        if cls == "CategoricalFocalCrossentropy":
            kwargs |= d.options(alpha=[0.4, [0.2] * shape[-1]], gamma=[1.0, 3.0])
        t = one_hot(d, shape) if d.maybe(0.7) else probabilities(d, shape)
        p = d.floats(*shape, low=-4, high=4) if kwargs.get("from_logits") else (probabilities(d, shape) if d.maybe(0.7) else d.floats(*shape, low=0.05, high=1))
        return finish(d, cls, kwargs, t, p)

    return draw


def sparse(d):
    shape = [*shape_of(d, 1, 3), d.int(2, 5)]
    kwargs = d.options(from_logits=[True, False])
    t = d.ints(*shape[:-1], low=0, high=shape[-1] - 1)
    if d.maybe(0.3):
        kwargs["ignore_class"] = d.pick(0, -1)
        if kwargs["ignore_class"] == -1 and t.size > 1:
            t.flat[0] = -1
    if d.maybe(0.2):
        t = t.astype("float32") if d.maybe() else t[..., None]
    p = d.floats(*shape, low=-4, high=4) if kwargs.get("from_logits") else probabilities(d, shape)
    return finish(d, "SparseCategoricalCrossentropy", kwargs, t, p)


def cosine(d):
    shape = shape_of(d, 2, 3)
    kwargs = {"axis": d.pick(-1, len(shape) - 1)} if d.maybe(0.3) else {}
    return finish(d, "CosineSimilarity", kwargs, d.floats(*shape), d.floats(*shape))


def overlap(cls):
    def draw(d):
        shape = shape_of(d, 2, 4)
        kwargs = d.options(alpha=[0.3], beta=[0.7]) if cls == "Tversky" else {}
        return finish(d, cls, kwargs, d.ints(*shape, low=0, high=1).astype("float32"), d.floats(*shape, low=0, high=1), weights=False, masks=False)

    return draw


def ctc(d):
    b, t, c, n = d.int(1, 3), d.int(5, 7), d.int(3, 5), d.int(1, 2)
    return finish(d, "CTC", {}, d.ints(b, n, low=1, high=c - 1), d.floats(b, t, c), weights=False, masks=False)


DRAWS = {
    "losses": {
        **{cls: regression(cls) for cls in ("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "LogCosh")},
        **{cls: regression(cls, True) for cls in ("MeanSquaredLogarithmicError", "Poisson", "KLDivergence")},
        "Huber": regression("Huber", delta=[0.5, 2.0]),
        **{cls: hinge(cls) for cls in ("Hinge", "SquaredHinge", "CategoricalHinge")},
        **{cls: binary(cls) for cls in ("BinaryCrossentropy", "BinaryFocalCrossentropy")},
        **{cls: categorical(cls) for cls in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")},
        "SparseCategoricalCrossentropy": sparse,
        "CosineSimilarity": cosine,
        "Dice": overlap("Dice"),
        "Tversky": overlap("Tversky"),
        "CTC": ctc,
    }
}
