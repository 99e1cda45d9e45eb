"""Random layers with inputs: convolutions, pooling, normalization, merging, shapes, activations, regularization."""

import keras
import numpy as np

L = keras.layers

ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "softplus", "elu", "selu", "silu", "hard_sigmoid", "linear", None)


def one(layer, x, kwargs, **more):
    return {"layer": layer, "inputs": [x], "kwargs": kwargs, **more}


def penalties(d, *names):
    chosen = {}
    for name in names:
        if d.maybe(0.12):
            chosen[name] = d.pick("l2", keras.regularizers.L1(0.02), keras.regularizers.L1L2(0.01, 0.03))
    return chosen


def image(d, rank, first, channels=None, low=3, high=9):
    sizes = d.sizes(rank, low, high if rank < 3 else 5)
    c = channels or d.int(1, 4)
    return d.floats(d.int(1, 3), *([c, *sizes] if first else [*sizes, c]))


def steps(d, rank):
    """Strides or dilation, never both."""
    kind = d.pick("none", "none", "strides", "dilation")
    if kind == "strides":
        return {"strides": d.per_axis(rank, 1, 3)}
    return {"dilation_rate": d.per_axis(rank, 1, 3)} if kind == "dilation" else {}


def formats(d):
    return {"data_format": d.pick("channels_first", "channels_last")} if d.maybe(0.4) else {}


def is_first(kwargs):
    return kwargs.get("data_format") == "channels_first"


def convolution(rank):
    def draw(d):
        groups = d.pick(1, 1, 1, 2, 3)
        kwargs = {"filters": groups * d.int(1, 3), "kernel_size": d.per_axis(rank, 1, 4 if rank < 3 else 3), **steps(d, rank), **formats(d)}
        kwargs |= d.options(padding=["same", "valid"], activation=ACTIVATIONS, use_bias=[False])
        if rank == 1 and d.maybe(0.2):
            kwargs |= {"padding": "causal", "data_format": "channels_last"}
        if groups > 1:
            kwargs["groups"] = groups
        kwargs |= penalties(d, "kernel_regularizer", "bias_regularizer", "activity_regularizer")
        x = image(d, rank, is_first(kwargs), groups * d.int(1, 3))
        return one(getattr(L, f"Conv{rank}D")(**kwargs), x, kwargs)

    return draw


def transposed(rank):
    def draw(d):
        kwargs = {"filters": d.int(1, 3), "kernel_size": d.per_axis(rank, 1, 4 if rank < 3 else 3), **steps(d, rank), **formats(d)}
        kwargs |= d.options(padding=["same", "valid"], activation=ACTIVATIONS, use_bias=[False])
        strides = kwargs.get("strides", 1)
        if d.maybe(0.3):
            kwargs["output_padding"] = d.int(0, max(0, (strides if isinstance(strides, int) else min(strides)) - 1))
        return one(getattr(L, f"Conv{rank}DTranspose")(**kwargs), image(d, rank, is_first(kwargs), low=2, high=5), kwargs)

    return draw


def separable(cls, rank, with_filters):
    def draw(d):
        kwargs = {"kernel_size": d.per_axis(rank, 1, 4), **steps(d, rank), **formats(d)}
        if "strides" in kwargs and rank == 2:
            kwargs["strides"] = d.int(1, 3)
        if with_filters:
            kwargs["filters"] = d.int(1, 4)
        kwargs |= d.options(padding=["same", "valid"], activation=ACTIVATIONS, use_bias=[False], depth_multiplier=[1, 2, 3])
        return one(getattr(L, cls)(**kwargs), image(d, rank, is_first(kwargs)), kwargs)

    return draw


def pooling(kind, rank):
    def draw(d):
        kwargs = {"pool_size": d.per_axis(rank, 1, 3), **formats(d)} | d.options(
            strides=lambda: d.pick(None, d.per_axis(rank, 1, 3)), padding=["same", "valid"]
        )
        return one(getattr(L, f"{kind}Pooling{rank}D")(**kwargs), image(d, rank, is_first(kwargs)), kwargs)

    return draw


def global_pooling(kind, rank):
    def draw(d):
        kwargs = {**formats(d), **d.options(keepdims=[True, False])}
        x = image(d, rank, is_first(kwargs))
        call = {}
        if kind == "Average" and rank == 1 and d.maybe():
            steps_at = 2 if is_first(kwargs) else 1
            call["mask"] = d.mask(x.shape[0], x.shape[steps_at])
            call["mask"][:, 0] = True
        return one(getattr(L, f"Global{kind}Pooling{rank}D")(**kwargs), x, kwargs, call=call)

    return draw


def axes_of(d, rank):
    axis = d.pick(-1, d.int(1, rank - 1), d.int(1, rank - 1) - rank)
    if d.maybe(0.3) and rank > 2:
        chosen = sorted(d.rng.choice(np.arange(1, rank), d.int(1, rank - 1), replace=False).tolist())
        return [a - rank if d.maybe(0.3) else a for a in chosen]
    return axis


def tensor_of(d, low=2, high=4, extent=4):
    return d.floats(d.int(2, 4), *d.sizes(d.int(low, high) - 1, 1, extent))


def batch_normalization(d):
    x = tensor_of(d)
    kwargs = d.options(axis=lambda: d.pick(-1, d.int(1, x.ndim - 1)), momentum=[0.9, 0.5], epsilon=[1e-5, 0.1], center=[False], scale=[False])
    kwargs |= penalties(d, "beta_regularizer", "gamma_regularizer")
    call = {"training": d.maybe()}
    # With channels elsewhere than last Keras 3.4 divides masked sums by too little.
    if x.ndim > 2 and kwargs.get("axis", -1) in (-1, x.ndim - 1) and d.maybe(0.3):
        call["mask"] = d.mask(*x.shape[:-1])
        call["mask"].flat[0] = True
    return one(L.BatchNormalization(**kwargs), x, kwargs, call=call)


def layer_normalization(d):
    x = tensor_of(d)
    kwargs = d.options(axis=lambda: axes_of(d, x.ndim), epsilon=[1e-5, 0.1], center=[False], scale=[False])
    if d.maybe(0.2):
        kwargs["rms_scaling"] = True
    return one(L.LayerNormalization(**kwargs), x, kwargs)


def group_normalization(d):
    groups = d.pick(1, 2, 3)
    rank = d.int(2, 4)
    axis = d.pick(-1, d.int(1, rank - 1))
    shape = [d.int(1, 3), *d.sizes(rank - 1, 1, 4)]
    shape[axis] = groups * d.int(1, 3)
    kwargs = {"groups": d.pick(groups, groups, -1), "axis": axis, **d.options(epsilon=[1e-5, 0.1], center=[False], scale=[False])}
    return one(L.GroupNormalization(**kwargs), d.floats(*shape), kwargs)


def unit_normalization(d):
    x = tensor_of(d)
    kwargs = d.options(axis=lambda: axes_of(d, x.ndim))
    return one(L.UnitNormalization(**kwargs), x, kwargs)


def spectral_normalization(d):
    inner = d.pick("Dense", "Conv2D", "Conv1D", "Embedding")
    rounds = d.int(1, 3)
    layer, x = {
        "Dense": lambda: (L.Dense(d.int(1, 4)), tensor_of(d)),
        "Conv1D": lambda: (L.Conv1D(d.int(1, 4), 2), image(d, 1, False)),
        "Conv2D": lambda: (L.Conv2D(d.int(1, 4), 2), image(d, 2, False)),
        "Embedding": lambda: (L.Embedding(5, 3), d.ints(2, 3, low=0, high=4)),
    }[inner]()
    return one(L.SpectralNormalization(layer, power_iterations=rounds), x, None, call={"training": d.maybe()})


def merging(cls):
    def draw(d):
        count = 2 if cls == "Subtract" else d.int(2, 4)
        rank = d.int(1, 3)
        shape = [d.int(1, 3), *d.sizes(rank, 1, 4)]
        inputs = []
        for i in range(count):
            own = [s if i == 0 or d.maybe(0.8) else 1 for s in shape[1:]]
            inputs.append(d.floats(shape[0], *(own[d.int(0, len(own) - 1) :] if i > 0 and d.maybe(0.15) else own)))
        spec = {"layer": getattr(L, cls)(), "inputs": inputs, "inputs_as": "list", "kwargs": {}}
        # Keras 3.4 lays masks over the wrong axes of inputs with more than three.
        if rank == 2 and d.maybe(0.3) and all(x.shape == inputs[0].shape for x in inputs):
            spec["call"] = {"mask": [d.mask(*x.shape[:2]) if d.maybe(0.7) else None for x in inputs]}
            spec["mask_of_output"] = True
        return spec

    return draw


def concatenate(d):
    rank = d.int(2, 4)
    axis = d.pick(-1, d.int(1, rank - 1), -d.int(1, rank - 1))
    shape = [d.int(1, 3), *d.sizes(rank - 1, 1, 4)]
    inputs = []
    for _ in range(d.int(2, 3)):
        own = list(shape)
        own[axis] = d.int(1, 4)
        inputs.append(d.floats(*own))
    kwargs = {"axis": axis} if axis != -1 or d.maybe() else {}
    spec = {"layer": L.Concatenate(**kwargs), "inputs": inputs, "inputs_as": "list", "kwargs": kwargs}
    if rank == 3 and d.maybe(0.4):
        spec["call"] = {"mask": [d.mask(*x.shape[:2]) if d.maybe(0.7) else None for x in inputs]}
        spec["mask_of_output"] = True
    return spec


def dot(d):
    r1, r2 = d.int(2, 4), d.int(2, 4)
    a, b = [d.int(1, 3), *d.sizes(r1 - 1, 1, 4)], d.sizes(r2, 1, 4)
    b[0] = a[0]
    i, j = d.int(1, r1 - 1), d.int(1, r2 - 1)
    b[j] = a[i]
    axes = i if i == j and d.maybe() else [i, j] if d.maybe() else [i - r1, j - r2]
    kwargs = {"axes": axes, **d.options(normalize=[True])}
    return {"layer": L.Dot(**kwargs), "inputs": [d.floats(*a), d.floats(*b)], "inputs_as": "list", "kwargs": kwargs}


def dense(d):
    kwargs = {"units": d.int(1, 5), **d.options(activation=[*ACTIVATIONS, "softmax"], use_bias=[False])}
    kwargs |= penalties(d, "kernel_regularizer", "bias_regularizer", "activity_regularizer")
    return one(L.Dense(**kwargs), tensor_of(d), kwargs)


EQUATIONS = (
    ("ab,bc->ac", 2, [3], "c"), ("abc,cd->abd", 3, [None, 4], "d"), ("abc,cde->abde", 3, [None, 2, 3], "de"),
    ("abc,cd->abd", 3, [None, 4], "bd"), ("...x,xy->...y", 3, [None, 4], "y"), ("...x,xy->...y", 4, [None, None, 4], "y"),
    ("abcd,cde->abe", 4, [None, 4], "e"), ("abc,bd->adc", 3, [4, None], "d"),
    ("abc,cde->abed", 3, [None, 2, 3], "e"), ("ab,bcd->adc", 2, [2, 3], "dc"), ("...b,bc->...c", 2, [3], None),
    ("abc,acd->abd", 3, [None, 3], None), ("ab,abc->ac", 2, [3], "c"), ("a...b,bc->a...c", 4, [None, None, 2], "c"),
)  # fmt: skip


def einsum_dense(d):
    equation, rank, shape, bias = d.pick(*EQUATIONS)
    x = d.floats(d.int(1, 3), *d.sizes(rank - 1, 1, 4))
    if "..." in equation and d.maybe():
        shape = [s for s in shape]
    shape = [x.shape[i + 1] if s is None and d.maybe(0.2) and "..." not in equation and len(shape) + 1 == rank else s for i, s in enumerate(shape)]
    kwargs = {"equation": equation, "output_shape": shape if len(shape) > 1 or d.maybe() else shape[0]}
    if bias and d.maybe(0.7):
        kwargs["bias_axes"] = bias
    kwargs |= d.options(activation=ACTIVATIONS)
    return one(L.EinsumDense(**kwargs), x, kwargs)


def embedding(d):
    kwargs = {"input_dim": d.int(2, 6), "output_dim": d.int(1, 4), **d.options(mask_zero=[True, False])}
    x = d.ints(*d.sizes(d.int(1, 3), 1, 4), low=0, high=kwargs["input_dim"] - 1)
    return one(L.Embedding(**kwargs), x, kwargs, mask_of_output=True)


def masking(d):
    x = d.floats(d.int(1, 3), *d.sizes(d.int(2, 3), 1, 4))
    kwargs = d.options(mask_value=[0.0, 1.5, -1])
    x[d.bools(*x.shape[:-1], p=0.4)] = kwargs.get("mask_value", 0.0)
    x[d.bools(*x.shape, p=0.2)] = kwargs.get("mask_value", 0.0)
    return one(L.Masking(**kwargs), x, kwargs, mask_of_output=True)


def flatten(d):
    kwargs = formats(d)
    return one(L.Flatten(**kwargs), d.floats(*d.sizes(d.int(1, 5), 1, 4)), kwargs)


def reshape(d):
    shape = d.sizes(d.int(1, 3), 1, 4)
    size = int(np.prod(shape))
    target = list(d.pick(shape[::-1], [size], [1, size], [size, 1], shape[1:] + shape[:1], [size // shape[0], shape[0]]))
    if d.maybe():
        target[d.int(0, len(target) - 1)] = -1
    return one(L.Reshape(target_shape=target), d.floats(d.int(1, 3), *shape), {"target_shape": target})


def permute(d):
    rank = d.int(1, 4)
    dims = [int(i) + 1 for i in d.rng.permutation(rank)]
    return one(L.Permute(dims=dims), d.floats(d.int(1, 3), *d.sizes(rank, 1, 4)), {"dims": dims})


def repeat_vector(d):
    kwargs = {"n": d.int(1, 4)}
    return one(L.RepeatVector(**kwargs), d.floats(d.int(1, 3), d.int(1, 5)), kwargs)


def margins(d, rank, high):
    if rank == 1:
        return d.pick(d.int(0, high), d.sizes(2, 0, high))
    return d.pick(d.int(0, high), d.sizes(rank, 0, high), [d.sizes(2, 0, high) for _ in range(rank)])


def cropping(rank):
    def draw(d):
        kwargs = {"cropping": margins(d, rank, 2), **(formats(d) if rank > 1 else {})}
        x = image(d, rank, is_first(kwargs), low=5, high=8)
        if rank == 3:
            kwargs["cropping"] = margins(d, rank, 1)
            x = d.floats(*([1, 2, 4, 3, 5] if is_first(kwargs) else [1, 4, 3, 5, 2]))
        return one(getattr(L, f"Cropping{rank}D")(**kwargs), x, kwargs)

    return draw


def zero_padding(rank):
    def draw(d):
        kwargs = {"padding": margins(d, rank, 3 if rank < 3 else 2), **(formats(d) if rank > 1 else {})}
        return one(getattr(L, f"ZeroPadding{rank}D")(**kwargs), image(d, rank, is_first(kwargs), low=1, high=4), kwargs)

    return draw


def up_sampling(rank):
    def draw(d):
        kwargs = {"size": d.int(1, 3) if rank == 1 else d.per_axis(rank, 1, 3), **(formats(d) if rank > 1 else {})}
        if rank == 2 and d.maybe(0.6):
            kwargs["interpolation"] = d.pick("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        return one(getattr(L, f"UpSampling{rank}D")(**kwargs), image(d, rank, is_first(kwargs), low=1, high=4), kwargs)

    return draw


def simple(cls, choices, **more):
    def draw(d):
        kwargs = d.options(**choices)
        return one(getattr(L, cls)(**kwargs), d.floats(*d.sizes(d.int(1, 4), 1, 5), low=-8, high=8), kwargs, **more)

    return draw


def prelu(d):
    x = tensor_of(d, 2, 4)
    kwargs = {}
    if x.ndim > 2 and d.maybe(0.6):
        kwargs["shared_axes"] = sorted(d.rng.choice(np.arange(1, x.ndim), d.int(1, x.ndim - 1), replace=False).tolist())
    return one(L.PReLU(**kwargs), x, kwargs)


def softmax(d):
    x = tensor_of(d)
    kwargs = d.options(axis=lambda: axes_of(d, x.ndim))
    call = {}
    if d.maybe(0.5):
        call["mask"] = d.bools(*x.shape, p=0.7)
    return one(L.Softmax(**kwargs), x, kwargs, call=call)


def activation(d):
    names = ("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "softplus", "softsign", "softmax", "log_softmax", "tanh", "sigmoid", "hard_sigmoid", "hard_silu", "hard_swish", "exponential", "linear", "mish")  # fmt: skip
    kwargs = {"activation": d.pick(*names)}
    if d.maybe(0.2):
        kwargs["activity_regularizer"] = "l2"
    return one(L.Activation(**kwargs), tensor_of(d), kwargs)


def dropout(cls, rank=None, option="rate"):
    def draw(d):
        training = d.maybe()
        kwargs = {option: 0.0 if training else d.real(0, 0.9)}
        if cls in ("Dropout", "AlphaDropout"):
            kwargs |= d.options(seed=[1])
        x = d.floats(*d.sizes(rank or d.int(1, 4), 1, 4))
        if cls == "Dropout" and d.maybe(0.3):
            kwargs["noise_shape"] = [s if d.maybe() else 1 for s in x.shape]
        return one(getattr(L, cls)(**kwargs), x, kwargs, call={"training": training})

    return draw


def activity_regularization(d):
    kwargs = d.options(l1=[0.1, 0.02], l2=[0.5, 0.01])
    return one(L.ActivityRegularization(**kwargs), tensor_of(d), kwargs)


DRAWS = {
    "layers_convolutional": {
        **{f"Conv{n}D": convolution(n) for n in (1, 2, 3)},
        **{f"Conv{n}DTranspose": transposed(n) for n in (1, 2, 3)},
        "DepthwiseConv1D": separable("DepthwiseConv1D", 1, False),
        "DepthwiseConv2D": separable("DepthwiseConv2D", 2, False),
        "SeparableConv1D": separable("SeparableConv1D", 1, True),
        "SeparableConv2D": separable("SeparableConv2D", 2, True),
    },
    "layers_pooling": {
        **{f"{kind}Pooling{n}D": pooling(kind, n) for kind in ("Max", "Average") for n in (1, 2, 3)},
        **{f"Global{kind}Pooling{n}D": global_pooling(kind, n) for kind in ("Max", "Average") for n in (1, 2, 3)},
    },
    "layers_normalization": {
        "BatchNormalization": batch_normalization,
        "LayerNormalization": layer_normalization,
        "GroupNormalization": group_normalization,
        "UnitNormalization": unit_normalization,
        "SpectralNormalization": spectral_normalization,
    },
    "layers_merging": {
        **{cls: merging(cls) for cls in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract")},
        "Concatenate": concatenate,
        "Dot": dot,
    },
    "layers_core": {
        "Dense": dense,
        "EinsumDense": einsum_dense,
        "Embedding": embedding,
        "Masking": masking,
        "Identity": simple("Identity", {}),
    },
    "layers_reshaping": {
        "Flatten": flatten,
        "Reshape": reshape,
        "Permute": permute,
        "RepeatVector": repeat_vector,
        **{f"Cropping{n}D": cropping(n) for n in (1, 2, 3)},
        **{f"ZeroPadding{n}D": zero_padding(n) for n in (1, 2, 3)},
        **{f"UpSampling{n}D": up_sampling(n) for n in (1, 2, 3)},
    },
    "layers_activations": {
        "ELU": simple("ELU", {"alpha": [0.5, 2.0]}),
        "LeakyReLU": simple("LeakyReLU", {"negative_slope": [0.0, 0.1, 1.0]}),
        "ReLU": simple("ReLU", {"max_value": [None, 1.5, 0.0, 6], "negative_slope": [0.0, 0.2], "threshold": [0.0, 0.5, 2]}),
        "PReLU": prelu,
        "Softmax": softmax,
        "Activation": activation,
    },
    "layers_regularization": {
        "Dropout": dropout("Dropout"),
        "SpatialDropout1D": dropout("SpatialDropout1D", 3),
        "SpatialDropout2D": dropout("SpatialDropout2D", 4),
        "SpatialDropout3D": dropout("SpatialDropout3D", 5),
        "GaussianDropout": dropout("GaussianDropout"),
        "GaussianNoise": dropout("GaussianNoise", option="stddev"),
        "AlphaDropout": dropout("AlphaDropout"),
        "ActivityRegularization": activity_regularization,
    },
}
