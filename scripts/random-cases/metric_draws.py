"""Random metrics: streamed updates, weights, options."""

import numpy as np

from loss_draws import one_hot, probabilities


def updates(d, make, weights="sample", shapes=None):
    out = []
    weighted = d.maybe(0.45)
    for _ in range(d.int(1, 4)):
        args = make(d)
        weight = None
        if weighted and weights:
            n = args[0].shape[0]
            if weights == "sample":
                shape = [n]
            elif weights == "full":
                shape = d.pick([n], list(args[0].shape))
            weight = d.floats(*shape, low=0, high=2)
        out.append((args, weight))
    return out


def spec(d, cls, kwargs, make, weights="sample"):
    return {"cls": cls, "kwargs": kwargs, "updates": updates(d, make, weights)}


def mean(cls):
    return lambda d: spec(d, cls, {}, lambda d: [d.floats(d.int(1, 5), *([2] if d.maybe() else []))], "full")


def pair(cls, low=-2.0, high=3.0, weights="sample", **choices):
    def draw(d):
        rest = d.sizes(d.int(1, 2), 1, 4)
        return spec(d, cls, d.options(**choices), lambda d: [d.floats(n := d.int(1, 5), *rest, low=low, high=high), d.floats(n, *rest, low=low, high=high)], weights)

    return draw


def hinge(cls):
    def draw(d):
        c = d.int(2, 4)
        make = lambda d: [one_hot(d, [n := d.int(1, 5), c]) if cls == "CategoricalHinge" else d.ints(n := d.int(1, 5), c, low=0, high=1).astype("float32"), d.floats(n, c)]  # noqa: E731
        return spec(d, cls, {}, make)

    return draw


def binary(cls, weights="sample", **choices):
    def draw(d):
        rest = d.sizes(d.int(0, 2), 1, 4)
        kwargs = d.options(**choices)
        if kwargs.get("from_logits"):
            return spec(d, cls, kwargs, lambda d: [d.ints(n := d.int(1, 5), *(rest or [1]), low=0, high=1).astype("float32"), d.floats(n, *(rest or [1]))], weights)
        return spec(d, cls, kwargs, lambda d: [d.ints(n := d.int(1, 6), *(rest or [1]), low=0, high=1).astype("float32"), d.floats(n, *(rest or [1]), low=0, high=1)], weights)

    return draw


def confusion(cls):
    def draw(d):
        kwargs = d.options(thresholds=[0.3, [0.2, 0.7], [0.5]])
        rest = d.sizes(d.int(0, 1), 1, 4)
        if cls in ("Precision", "Recall") and d.maybe(0.5) and rest:
            kwargs |= d.options(top_k=lambda: d.int(1, rest[0]), class_id=lambda: d.int(0, rest[0] - 1))
            if "top_k" in kwargs:
                kwargs.pop("thresholds", None)
        return spec(d, cls, kwargs, lambda d: [d.ints(n := d.int(1, 6), *rest, low=0, high=1).astype("float32"), d.floats(n, *rest, low=0, high=1)], "full")

    return draw


def auc(d):
    kwargs = d.options(num_thresholds=[5, 20, 200], curve=["ROC", "PR"], summation_method=["interpolation", "minoring", "majoring"])
    kwargs |= d.pick({}, {}, {"thresholds": [0.2, 0.5, 0.8]}, {"from_logits": True}, {"multi_label": True}, {"multi_label": True, "num_labels": 3}, {"multi_label": True, "label_weights": [0.2, 1.0, 0.5]})
    rest = [3] if kwargs.get("multi_label") else d.sizes(d.int(0, 1), 1, 3)
    low, high = (-3, 3) if kwargs.get("from_logits") else (0, 1)
    weights = "sample"
    return spec(d, "AUC", kwargs, lambda d: [d.ints(n := d.int(2, 8), *rest, low=0, high=1).astype("float32"), d.floats(n, *rest, low=low, high=high)], weights)


def operating(cls, key):
    def draw(d):
        kwargs = {key: d.real(0.1, 0.9), **d.options(num_thresholds=[1, 5, 50])}
        if d.maybe(0.2):
            kwargs["class_id"] = 1
        rest = [3] if "class_id" in kwargs else []
        return spec(d, cls, kwargs, lambda d: [d.ints(n := d.int(2, 8), *rest, low=0, high=1).astype("float32"), d.floats(n, *rest, low=0, high=1)])

    return draw


def categorical(cls, **choices):
    def draw(d):
        rest = d.sizes(d.int(0, 1), 1, 3)
        c = d.int(2, 5)
        kwargs = d.options(**choices)
        sparse = cls.startswith("Sparse")
        if "k" in choices:
            kwargs["k"] = d.int(1, c)

        def make(d):
            n = d.int(1, 5)
            t = d.ints(n, *rest, low=0, high=c - 1) if sparse else one_hot(d, [n, *rest, c])
            if sparse and d.maybe(0.3):
                t = t[..., None]
            p = d.floats(n, *rest, c) if kwargs.get("from_logits") else probabilities(d, [n, *rest, c])
            return [t, p]

        return spec(d, cls, kwargs, make)

    return draw


def accuracy(d):
    rest = d.sizes(d.int(0, 2), 1, 3)
    return spec(d, "Accuracy", {}, lambda d: [d.ints(n := d.int(1, 5), *(rest or [1]), low=0, high=2), d.ints(n, *(rest or [1]), low=0, high=2)])


def score(cls):
    def draw(d):
        c = d.int(2, 4)
        kwargs = d.options(average=["micro", "macro", "weighted", None], threshold=[0.4, 0.7])
        if cls == "FBetaScore":
            kwargs |= d.options(beta=[0.5, 2.0])
        t = lambda d, n: one_hot(d, [n, c]) if "threshold" not in kwargs else d.ints(n, c, low=0, high=1).astype("float32")  # noqa: E731
        return spec(d, cls, kwargs, lambda d: [t(d, n := d.int(1, 6)), d.floats(n, c, low=0, high=1)])

    return draw


def r2(d):
    c = d.int(1, 3)
    kwargs = d.options(class_aggregation=["uniform_average", "variance_weighted_average", None], num_regressors=[0, 1])
    return spec(d, "R2Score", kwargs, lambda d: [d.floats(n := d.int(3, 6), c), d.floats(n, c)])


def iou(cls):
    def draw(d):
        c = d.int(2, 4)
        rest = d.sizes(d.int(0, 1), 1, 3)
        kwargs = {} if cls == "BinaryIoU" else {"num_classes": c}
        if cls in ("IoU", "OneHotIoU"):
            kwargs["target_class_ids"] = d.pick([0], [0, 1], [1])
        if cls == "BinaryIoU":
            kwargs |= d.options(target_class_ids=[[0], [0, 1]], threshold=[0.3])
            make = lambda d: [d.ints(n := d.int(1, 6), *rest, low=0, high=1), d.floats(n, *rest, low=0, high=1)]  # noqa: E731
        elif cls.startswith("OneHot"):
            kwargs |= d.options(ignore_class=[0], sparse_y_pred=[False])
            make = lambda d: [one_hot(d, [n := d.int(1, 6), *rest, c]), probabilities(d, [n, *rest, c])]  # noqa: E731
        else:
            kwargs |= d.options(ignore_class=[0])
            make = lambda d: [d.ints(n := d.int(1, 6), *rest, low=0, high=c - 1), d.ints(n, *rest, low=0, high=c - 1)]  # noqa: E731
        return spec(d, cls, kwargs, make, "full" if not cls.startswith("OneHot") else "sample")

    return draw


DRAWS = {
    "metrics": {
        "Mean": mean("Mean"),
        "Sum": mean("Sum"),
        **{c: pair(c) for c in ("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "LogCoshError")},
        **{c: pair(c, 0.1, 2) for c in ("MeanSquaredLogarithmicError", "Poisson", "KLDivergence")},
        "CosineSimilarity": pair("CosineSimilarity"),
        **{c: hinge(c) for c in ("Hinge", "SquaredHinge", "CategoricalHinge")},
        "BinaryCrossentropy": binary("BinaryCrossentropy", from_logits=[True], label_smoothing=[0.1]),
        "BinaryAccuracy": binary("BinaryAccuracy", threshold=[0.3, 0.7]),
        "CategoricalCrossentropy": categorical("CategoricalCrossentropy", from_logits=[True], label_smoothing=[0.1]),
        "SparseCategoricalCrossentropy": categorical("SparseCategoricalCrossentropy", from_logits=[True]),
        "CategoricalAccuracy": categorical("CategoricalAccuracy"),
        "SparseCategoricalAccuracy": categorical("SparseCategoricalAccuracy"),
        "TopKCategoricalAccuracy": categorical("TopKCategoricalAccuracy", k=[1]),
        "SparseTopKCategoricalAccuracy": categorical("SparseTopKCategoricalAccuracy", k=[1]),
        "Accuracy": accuracy,
        **{c: confusion(c) for c in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives", "Precision", "Recall")},
        "AUC": auc,
        "PrecisionAtRecall": operating("PrecisionAtRecall", "recall"),
        "RecallAtPrecision": operating("RecallAtPrecision", "precision"),
        "SensitivityAtSpecificity": operating("SensitivityAtSpecificity", "specificity"),
        "SpecificityAtSensitivity": operating("SpecificityAtSensitivity", "sensitivity"),
        "F1Score": score("F1Score"),
        "FBetaScore": score("FBetaScore"),
        "R2Score": r2,
        **{c: iou(c) for c in ("IoU", "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU")},
    }
}
