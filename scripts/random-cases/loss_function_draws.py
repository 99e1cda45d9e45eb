"""The losses as functions: their axes and options; and losses and metrics of other dtypes."""

import loss_draws

FUNCTIONS = {
    "MeanSquaredError": "mean_squared_error", "MeanAbsoluteError": "mean_absolute_error", "MeanAbsolutePercentageError": "mean_absolute_percentage_error",
    "MeanSquaredLogarithmicError": "mean_squared_logarithmic_error", "LogCosh": "log_cosh", "Poisson": "poisson", "KLDivergence": "kl_divergence",
    "Huber": "huber", "Hinge": "hinge", "SquaredHinge": "squared_hinge", "CategoricalHinge": "categorical_hinge", "BinaryCrossentropy": "binary_crossentropy",
    "BinaryFocalCrossentropy": "binary_focal_crossentropy", "CategoricalCrossentropy": "categorical_crossentropy",
    "CategoricalFocalCrossentropy": "categorical_focal_crossentropy", "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
    "CosineSimilarity": "cosine_similarity", "Dice": "dice", "Tversky": "tversky", "CTC": "ctc",
}  # fmt: skip

# Functions that take an axis.
WITH_AXIS = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy", "BinaryFocalCrossentropy")


def function(cls):
    drawn = loss_draws.DRAWS["losses"][cls]

    def draw(d):
        spec = drawn(d)
        kwargs = {k: v for k, v in spec["kwargs"].items() if k != "reduction"}
        if cls in WITH_AXIS and d.maybe(0.3):
            rank = spec["y_pred"].ndim
            if cls != "SparseCategoricalCrossentropy":
                kwargs["axis"] = d.pick(-1, rank - 1, d.int(-rank, rank - 1))
        return {"function": FUNCTIONS[cls], "kwargs": kwargs, "y_true": spec["y_true"], "y_pred": spec["y_pred"]}

    return draw


DRAWS = {"losses": {f"fn.{name}": function(cls) for cls, name in FUNCTIONS.items()}}
