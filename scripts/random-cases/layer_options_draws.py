"""The layers of the other draws with what every constructor takes beside: initializers, penalties, constraints, names, dtypes."""

import inspect

import keras

import layer_draws
import preprocessing_draws
import recurrent_draws

I, R, C = keras.initializers, keras.regularizers, keras.constraints

DTYPES = ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16", "float32")


def initializer(d, of):
    choices = [
        lambda: d.pick("zeros", "ones", "glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform"),
        lambda: I.Constant(d.real(-1, 1)),
        lambda: I.RandomNormal(mean=d.pick(0.0, 0.5), stddev=0.1, seed=d.pick(None, 3)),
        lambda: I.RandomUniform(minval=-0.2, maxval=0.3, seed=7),
        lambda: I.TruncatedNormal(stddev=0.2),
        lambda: I.VarianceScaling(scale=d.real(0.5, 2), mode=d.pick("fan_in", "fan_out", "fan_avg"), distribution=d.pick("normal", "uniform", "untruncated_normal", "truncated_normal")),
    ]  # fmt: skip
    # Of matrices alone.
    if "kernel" in of or "recurrent" in of:
        choices.append(lambda: I.OrthogonalInitializer(gain=0.7))
    return d.pick(*choices)()


def regularizer(d, of):
    return d.pick(
        lambda: d.pick("l1", "l2", "L1L2"),
        lambda: R.L1(d.real(0, 0.1)),
        lambda: R.L2(d.real(0, 0.1)),
        lambda: R.L1L2(l1=d.real(0, 0.1), l2=d.real(0, 0.1)),
        lambda: R.OrthogonalRegularizer(factor=0.05, mode=d.pick("rows", "columns")) if "kernel" in of else R.L1(0.1),
    )()


def constraint(d, of):
    return d.pick(
        lambda: d.pick("non_neg", "max_norm", "unit_norm", "min_max_norm"),
        lambda: C.MaxNorm(max_value=d.real(0.5, 2), axis=d.pick(0, 0, 1)),
        lambda: C.MinMaxNorm(min_value=0.1, max_value=1.2, rate=d.pick(1.0, 0.5), axis=0),
        lambda: C.UnitNorm(axis=d.pick(0, 0, 1)),
        lambda: C.NonNeg(),
    )()


KINDS = {"initializer": (0.3, initializer), "regularizer": (0.3, regularizer), "constraint": (0.3, constraint)}


def with_options(draw, dtypes):
    def drawn(d):
        spec = draw(d)
        kwargs = dict(spec["kwargs"] or {})
        cls = type(spec["layer"])
        for name in inspect.signature(cls.__init__).parameters:
            chance, choice = KINDS.get(name.rsplit("_", 1)[-1], (0, None))
            if "_" in name and name not in kwargs and d.maybe(chance):
                kwargs[name] = choice(d, name)
        if "activity_regularizer" not in kwargs and d.maybe(0.15):
            kwargs["activity_regularizer"] = d.pick("l2", R.L1(0.03), R.L1L2(0.01, 0.02))
        if "lora_rank" in inspect.signature(cls.__init__).parameters and d.maybe(0.1):
            kwargs["lora_rank"] = d.int(1, 3)
        if cls.__name__ == "BatchNormalization" and d.maybe(0.2):
            kwargs["synchronized"] = d.maybe(0.3)
        if "seed" in inspect.signature(cls.__init__).parameters and d.maybe(0.3):
            kwargs["seed"] = d.int(0, 99)
        # What Keras 3.4 builds inside of these stays trainable: a slip that is not followed.
        if d.maybe(0.15) and cls.__name__ not in ("MultiHeadAttention", "GroupedQueryAttention", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"):
            kwargs["trainable"] = False
        if d.maybe(0.15):
            kwargs["name"] = "my_layer"
        # The configuration of spatial dropout has the dtype of its variables, not the policy.
        if dtypes and d.maybe(0.5) and "Spatial" not in cls.__name__:
            kwargs["dtype"] = d.pick(*DTYPES)
        return {**spec, "layer": cls(**kwargs), "kwargs": kwargs}

    return drawn


# Wrappers and lists of cells are drawn without a dictionary of arguments.
WRAPPERS = ("SpectralNormalization", "RNN", "StackedRNNCells", "Bidirectional", "TimeDistributed")


def varied(rooms, dtypes=True):
    return {
        group: {f"{name}+": with_options(draw, dtypes) for name, draw in names.items() if name not in WRAPPERS}
        for group, names in rooms.items()
    }


DRAWS = {**varied(layer_draws.DRAWS), **varied(recurrent_draws.DRAWS), **varied(preprocessing_draws.DRAWS, False)}
