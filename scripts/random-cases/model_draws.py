"""Random models: sequences with masks, images in both formats, nested and shared layers, with losses, optimizers and policies."""

import keras
import numpy as np

import optimizer_draws
from layer_options_draws import constraint, regularizer

L = keras.layers
POLICIES = ("float32", "float32", "float32", "mixed_float16", "mixed_bfloat16")


def maybe_penalties(d):
    kwargs = {}
    if d.maybe(0.15):
        kwargs["kernel_regularizer"] = regularizer(d, "kernel")
    if d.maybe(0.1):
        kwargs["kernel_constraint"] = constraint(d, "kernel")
    if d.maybe(0.1):
        kwargs["activity_regularizer"] = "l2"
    return kwargs


def dense(d, units=None):
    return L.Dense(units or d.int(1, 4), activation=d.pick(None, "relu", "tanh", "gelu", "softplus"), **maybe_penalties(d))


def recurrent_cell(d):
    return getattr(L, d.pick("SimpleRNNCell", "LSTMCell", "GRUCell"))(d.int(1, 3))


def recurrent(d, sequences):
    kwargs = {"return_sequences": sequences, **d.options(go_backwards=[True], unroll=[True], zero_output_for_mask=[True])}
    return d.pick(
        lambda: getattr(L, d.pick("SimpleRNN", "LSTM", "GRU"))(d.int(1, 3), **kwargs),
        lambda: L.RNN([recurrent_cell(d) for _ in range(d.int(1, 3))], **kwargs),
        lambda: L.RNN(L.StackedRNNCells([recurrent_cell(d), recurrent_cell(d)]), return_sequences=sequences),
        lambda: L.Bidirectional(getattr(L, d.pick("SimpleRNN", "LSTM", "GRU"))(d.int(1, 3), return_sequences=sequences), merge_mode=d.pick("concat", "sum", "mul", "ave")),
        lambda: L.Bidirectional(L.RNN([recurrent_cell(d), L.GRUCell(2)], return_sequences=sequences), merge_mode=d.pick("concat", "sum")),
    )()  # fmt: skip


def with_states(d, x):
    """A layer that gives its states, which start the next one."""
    cls, units = d.pick("LSTM", "GRU", "SimpleRNN"), d.int(1, 3)
    sequence, *states = getattr(L, cls)(units, return_sequences=True, return_state=True)(x)
    return getattr(L, cls)(units, return_sequences=True)(sequence, initial_state=states)


def self_attention(d, x):
    width = x.shape[-1]
    kind = d.pick("MultiHeadAttention", "Attention", "AdditiveAttention", "GroupQueryAttention")
    if kind == "MultiHeadAttention":
        y = L.MultiHeadAttention(d.int(1, 2), d.int(1, 3))(x, x, use_causal_mask=d.maybe(0.3))
    elif kind == "GroupQueryAttention":
        y = L.GroupQueryAttention(2, 2, 1)(x, x)
    else:
        y = getattr(L, kind)(use_scale=True)([x, x])
    return L.LayerNormalization()(L.Add()([x, y])) if y.shape[-1] == width else y


def sub_model(d, x):
    inner = keras.Input(x.shape[1:], dtype=x.dtype)
    y = L.Dense(d.int(1, 3), activation="tanh")(inner)
    if d.maybe():
        y = L.Dropout(0.0)(L.Dense(2)(y))
    return keras.Model(inner, y)


def sequence_step(d, x):
    kind = d.pick("recurrent", "recurrent", "states", "distributed", "dense", "attention", "conv", "norm", "nested", "shared", "ops", "dropout", "sequential")
    if kind == "recurrent":
        return recurrent(d, True)(x)
    if kind == "states":
        return with_states(d, x)
    if kind == "distributed":
        inner = d.pick(lambda: dense(d), lambda: keras.Sequential([L.Dense(3, activation="relu"), L.Dense(2)]), L.LayerNormalization)()
        return L.TimeDistributed(inner)(x)
    if kind == "dense":
        return dense(d)(x)
    if kind == "attention":
        return self_attention(d, x)
    if kind == "conv":
        return L.Conv1D(d.int(1, 3), d.int(1, 3), padding=d.pick("same", "causal"), dilation_rate=d.int(1, 2))(x)
    if kind == "norm":
        return d.pick(L.LayerNormalization, L.BatchNormalization, L.UnitNormalization, lambda: L.GroupNormalization(1))()(x)
    if kind == "nested":
        inner = sub_model(d, x)
        return L.Concatenate()([inner(x), inner(x * 2.0)]) if d.maybe() else inner(x)
    if kind == "shared":
        layer = dense(d, x.shape[-1])
        return layer(layer(x)) + x
    if kind == "ops":
        return d.pick(lambda: keras.ops.tanh(x) * 0.5, lambda: x - keras.ops.mean(x, axis=-1, keepdims=True), lambda: keras.ops.concatenate([x, keras.ops.square(x)], axis=-1), lambda: keras.ops.maximum(x, 0.1 * x))()  # fmt: skip
    if kind == "sequential":
        return keras.Sequential([keras.Input(x.shape[1:]), L.Dense(3, activation="relu"), L.Dense(2)])(x)
    return d.pick(L.Dropout, L.GaussianNoise, L.SpatialDropout1D, L.GaussianDropout)(0.0)(x)


def sequence_end(d, x):
    return d.pick(
        lambda: L.GlobalAveragePooling1D()(x),
        lambda: L.GlobalMaxPooling1D()(x),
        lambda: recurrent(d, False)(x),
        lambda: L.Flatten()(x),
        lambda: keras.ops.mean(x, axis=1),
    )()


def sequence_model(d):
    steps = d.pick(1, 2, 3, 5)
    batch = d.pick(1, 4, 5, 7)
    if d.maybe(0.4):
        words = keras.Input((steps,), dtype="int32")
        x = L.Embedding(6, d.int(1, 4), mask_zero=d.maybe(0.7))(words)
        data = d.ints(batch, steps, low=0, high=5)
        data[:, 0] = np.maximum(data[:, 0], 1)
    else:
        words = keras.Input((steps, d.int(1, 3)))
        x = words
        data = d.floats(batch, *words.shape[1:])
        if d.maybe(0.5):
            x = L.Masking(0.0)(x)
            data[~d.mask(batch, steps)] = 0
            data[:, 0] = d.floats(batch, words.shape[-1])
    for _ in range(d.int(1, 3)):
        x = sequence_step(d, x)
    return [words], [x if d.maybe(0.25) else sequence_end(d, x)], [data]


def conv_step(d, x, fmt):
    axis = 1 if fmt == "channels_first" else -1
    channels = x.shape[axis]
    kind = d.pick("conv", "conv", "separable", "depthwise", "norm", "pool", "residual", "upsample", "pad", "transpose", "activation", "crop", "dropout")
    common = {"data_format": fmt}
    if kind == "conv":
        return L.Conv2D(d.int(1, 3), d.int(1, 3), strides=d.int(1, 2), padding=d.pick("same", "valid"), activation=d.pick(None, "relu"), **common, **maybe_penalties(d))(x)
    if kind == "separable":
        return L.SeparableConv2D(d.int(1, 3), 2, padding="same", **common)(x)
    if kind == "depthwise":
        return L.DepthwiseConv2D(d.int(1, 3), padding="same", depth_multiplier=d.int(1, 2), **common)(x)
    if kind == "norm":
        return d.pick(lambda: L.BatchNormalization(axis=axis), lambda: L.GroupNormalization(channels, axis=axis), lambda: L.LayerNormalization(axis=axis), lambda: L.BatchNormalization(axis=axis, momentum=0.5))()(x)
    if kind == "pool":
        return d.pick(L.MaxPooling2D, L.AveragePooling2D)(2, strides=d.int(1, 2), padding="same", **common)(x)
    if kind == "residual":
        return L.ReLU()(L.Add()([x, L.Conv2D(channels, 3, padding="same", **common)(x)]))
    if kind == "upsample":
        return L.UpSampling2D(2, interpolation=d.pick("nearest", "bilinear") if axis == -1 else "nearest", **common)(x)
    if kind == "pad":
        return L.ZeroPadding2D(1, **common)(x)
    if kind == "transpose":
        return L.Conv2DTranspose(d.int(1, 2), 3, strides=2, padding=d.pick("same", "valid"), **common)(x)
    if kind == "activation":
        return d.pick(lambda: L.LeakyReLU(0.2), L.ELU, lambda: L.PReLU(shared_axes=[1, 2]), lambda: L.Activation("silu"))()(x)
    if kind == "crop":
        return L.Cropping2D(((0, 1), (1, 0)), **common)(L.ZeroPadding2D(2, **common)(x))
    return d.pick(L.Dropout, L.SpatialDropout2D, L.GaussianNoise)(0.0)(x)


def image_model(d):
    fmt = d.pick("channels_last", "channels_last", "channels_last", "channels_first")
    size, channels = d.sizes(2, 4, 7), d.int(1, 3)
    shape = [channels, *size] if fmt == "channels_first" else [*size, channels]
    image = keras.Input(shape)
    x = image
    if d.maybe(0.3):
        x = L.Rescaling(d.pick(0.5, 2.0), offset=-0.1)(x)
    for _ in range(d.int(1, 4)):
        x = conv_step(d, x, fmt)
    x = d.pick(lambda: L.Flatten()(x), lambda: L.GlobalAveragePooling2D(data_format=fmt)(x), lambda: L.GlobalMaxPooling2D(data_format=fmt)(x))()
    return [image], [x], [d.floats(d.pick(1, 4, 6), *shape)]


def table_model(d):
    batch = d.pick(1, 4, 6)
    widths = [d.int(1, 4) for _ in range(d.int(1, 3))]
    inputs = [keras.Input((w,)) for w in widths]
    data = [d.floats(batch, w) for w in widths]
    shared = L.Dense(3, activation="tanh")
    parts = [shared(dense(d, 2)(x)) for x in inputs]
    x = parts[0] if len(parts) == 1 else d.pick(L.Add, L.Multiply, L.Maximum, L.Average, L.Concatenate)()(parts)
    if d.maybe():
        x = L.BatchNormalization(**d.options(momentum=[0.5], center=[False], scale=[False]))(x)
    for _ in range(d.int(0, 2)):
        x = d.pick(lambda: dense(d)(x), lambda: sub_model(d, x)(x), lambda: L.LayerNormalization(rms_scaling=d.maybe())(x), lambda: L.UnitNormalization()(x), lambda: L.ActivityRegularization(l2=0.1)(x))()  # fmt: skip
    return inputs, [x] + ([parts[0]] if d.maybe(0.25) else []), data


def head(d, x, batch):
    """The last layer of an output, with what it is trained for."""
    kind = d.pick("regression", "binary", "classes", "sparse")
    lead = [batch, *x.shape[1:-1]]
    reduction = d.pick("sum_over_batch_size", "sum_over_batch_size", "sum")
    if kind == "regression":
        loss = getattr(keras.losses, d.pick("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh"))(reduction=reduction)
        return L.Dense(2, dtype="float32")(x), d.floats(*lead, 2), loss, ["mae", "mse"]
    if kind == "binary":
        logits = d.maybe()
        loss = keras.losses.BinaryCrossentropy(from_logits=logits, label_smoothing=d.pick(0.0, 0.1), reduction=reduction)
        y = L.Dense(1, activation=None if logits else "sigmoid", dtype="float32")(x)
        return y, d.ints(*lead, 1, low=0, high=1).astype("float32"), loss, ["binary_accuracy", keras.metrics.AUC(num_thresholds=20, from_logits=logits, name="auc")]
    if kind == "classes":
        labels = np.eye(3, dtype="float32")[d.ints(*lead, low=0, high=2)]
        return L.Dense(3, activation="softmax", dtype="float32")(x), labels, keras.losses.CategoricalCrossentropy(reduction=reduction), ["accuracy", keras.metrics.TopKCategoricalAccuracy(2, name="top")]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)
    return L.Dense(3, dtype="float32")(x), d.ints(*lead, low=0, high=2), loss, ["accuracy"]


OPTIMIZERS = tuple(optimizer_draws.DRAWS["optimizers"])


def optimizer(d, policy):
    name = d.pick(*OPTIMIZERS)
    spec = optimizer_draws.DRAWS["optimizers"][name](d)
    if policy == "mixed_float16":
        # Keras 3.4 scales such gradients twice, and divides by both.
        spec["kwargs"].pop("loss_scale_factor", None)
    return getattr(keras.optimizers, name)(**spec["kwargs"])


def model(build):
    def draw(d):
        policy = d.pick(*POLICIES)
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            inputs, xs, data = build(d)
            batch = data[0].shape[0]
            heads = [head(d, x, batch) for x in xs]
            made = keras.Model(inputs, [y for y, *_ in heads] if len(heads) > 1 or d.maybe(0.2) else heads[0][0])
        finally:
            keras.config.set_dtype_policy(before)
        if d.maybe(0.15):
            made.layers[d.int(0, len(made.layers) - 1)].trainable = False
        several = len(heads) > 1
        chosen = [metrics[: d.int(0, len(metrics))] for *_, metrics in heads]
        spec = {"model": made, "inputs": data, "targets": [t for _, t, _, _ in heads], "policy": policy}
        compiled = {"loss": [loss for _, _, loss, _ in heads] if several else heads[0][2], "optimizer": optimizer(d, policy)}
        compiled["weighted_metrics" if d.maybe(0.3) else "metrics"] = chosen if several else chosen[0]
        if several and d.maybe():
            compiled["loss_weights"] = [d.real(0.2, 2) for _ in heads]
        fit = {"epochs": d.int(1, 3), "batch_size": d.pick(batch, 2, 3)}
        if not several and d.maybe(0.3):
            fit["sample_weight"] = d.floats(batch, low=0, high=2)
        elif not several and heads[0][2].name == "sparse_categorical_crossentropy" and len(xs[0].shape) == 2 and d.maybe():
            fit["class_weight"] = {0: 0.5, 1: 1.0, 2: d.real(0, 3)}
        return {**spec, "compile": compiled, "fit": fit}

    return draw


DRAWS = {"random_models": {"sequence": model(sequence_model), "image": model(image_model), "table": model(table_model)}}
