"""Models of every shape that Keras's files hold: how they are made, their data, and how they are compiled.

`named_models()` gives `(name, build)`; `build()` gives a Case. Nothing here is random but the weights, the data (seeded)
and the layers that are random in training, which no model has that is trained.
"""

from dataclasses import dataclass, field

import keras
import numpy as np
from keras import layers, ops

L = layers


@dataclass
class Case:
    model: keras.Model
    x: object
    y: object = None
    compile: dict = field(default_factory=dict)
    #: whether it is trained before it is saved: nothing in it may be random
    trains: bool = True
    #: whether nabla trains on as this version of Keras does; else it does as Keras 3.4 did
    follows: bool = True


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def ints(high, *shape, seed=0):
    return np.random.default_rng([seed, high, *shape]).integers(0, high, shape).astype("int32")


def one_hot(classes, *shape):
    return np.eye(classes, dtype="float32")[ints(classes, *shape)]


N = 16


def mlp():
    model = keras.Sequential([L.Input((6,)), L.Dense(8, activation="relu"), L.Dense(4, activation="softmax")])
    return Case(model, normal(N, 6), one_hot(4, N), dict(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"]))


def mlp_without_input():
    model = keras.Sequential([L.Dense(8, activation=keras.activations.silu), L.Dense(1)])
    model(np.zeros((1, 6), "float32"))
    return Case(model, normal(N, 6), normal(N, 1), dict(optimizer="sgd", loss="mse", metrics=["mae"]))


def regularized():
    model = keras.Sequential(
        [
            L.Input((5,)),
            L.Dense(
                7,
                kernel_regularizer="l2",
                bias_regularizer=keras.regularizers.L1(0.02),
                kernel_constraint=keras.constraints.MaxNorm(1.5, axis=0),
                kernel_initializer=keras.initializers.HeNormal(seed=3),
                bias_constraint="non_neg",
            ),
            L.Dense(3, kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.01), kernel_constraint="unit_norm"),
        ]
    )
    return Case(model, normal(N, 5), normal(N, 3), dict(optimizer=keras.optimizers.RMSprop(0.01, momentum=0.5), loss="huber"))


def activity_regularized():
    """Not evaluated: since 3.5 Keras divides these losses by the batch size."""
    model = keras.Sequential([L.Input((5,)), L.Dense(7, activity_regularizer=keras.regularizers.L1L2(0.01, 0.02)), L.ActivityRegularization(l1=0.1)])
    return Case(model, normal(N, 5))


def convolutional():
    model = keras.Sequential(
        [
            L.Input((9, 9, 3)),
            L.Conv2D(4, 3, padding="same", use_bias=False),
            L.BatchNormalization(),
            L.ReLU(max_value=6),
            L.MaxPooling2D(),
            L.DepthwiseConv2D(3, depth_multiplier=2),
            L.SeparableConv2D(5, 2, activation="leaky_relu"),
            L.GlobalAveragePooling2D(),
            L.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return Case(model, normal(N, 9, 9, 3), ints(3, N), dict(optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), loss=loss, metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2, name="top2")]))


def shared_multi():
    a, b = L.Input((4,), name="left"), L.Input((4,), name="right")
    shared = L.Dense(6, activation="tanh", name="shared")
    u, v = shared(a), shared(b)
    joined = L.Concatenate()([u, v, L.Subtract()([u, v])])
    score = L.Dense(1, activation="sigmoid", name="score")(joined)
    code = L.Dense(3, name="code")(L.Multiply()([u, v]))
    model = keras.Model({"left": a, "right": b}, {"score": score, "code": code}, name="siamese")
    return Case(
        model,
        {"left": normal(N, 4), "right": normal(N, 4, seed=1)},
        {"score": ints(2, N, 1).astype("float32"), "code": normal(N, 3)},
        dict(
            optimizer=keras.optimizers.AdamW(0.01, weight_decay=0.02),
            loss={"score": "binary_crossentropy", "code": keras.losses.LogCosh()},
            loss_weights={"score": 1.0, "code": 0.3},
            metrics={"score": ["binary_accuracy", keras.metrics.AUC(num_thresholds=20)], "code": ["mae"]},
        ),
    )


def list_outputs():
    a = L.Input((4,), name="first")
    b = L.Input((2,), name="second")
    x = L.Concatenate()([a, b])
    model = keras.Model([a, b], [L.Dense(2, name="p")(x), L.Dense(3, name="q", activation="softmax")(x)])
    return Case(
        model,
        [normal(N, 4), normal(N, 2)],
        [normal(N, 2), one_hot(3, N)],
        dict(optimizer="nadam", loss=["mse", "categorical_crossentropy"], loss_weights=[0.5, 2.0], metrics=[["mae"], ["accuracy"]], weighted_metrics=[["mse"], []]),
    )


def nested():
    inner_in = L.Input((6,), name="code")
    inner = keras.Model(inner_in, L.Dense(5, activation="gelu")(L.LayerNormalization()(inner_in)), name="inner")
    tower = keras.Sequential([L.Input((5,)), L.Dense(4, activation="selu"), L.Dense(6)], name="tower")
    x = L.Input((6,))
    y = tower(inner(x))
    y = tower(inner(L.Add()([x, y])))
    model = keras.Model(x, L.Dense(2)(y))
    return Case(model, normal(N, 6), normal(N, 2), dict(optimizer="adamax", loss="mae"))


def sequential_in_sequential():
    model = keras.Sequential(
        [
            L.Input((8, 8, 1)),
            keras.Sequential([L.Conv2D(3, 3), L.BatchNormalization(momentum=0.8), L.PReLU(shared_axes=[1, 2])], name="block"),
            keras.Sequential([L.Flatten(), L.Dense(4)], name="head"),
        ]
    )
    return Case(model, normal(N, 8, 8, 1), normal(N, 4), dict(optimizer="adagrad", loss="mse"))


def recurrent():
    model = keras.Sequential(
        [
            L.Input((7, 4)),
            L.LSTM(5, return_sequences=True, unit_forget_bias=False),
            L.GRU(4, return_sequences=True, reset_after=False),
            L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="sum"),
            L.SimpleRNN(4, go_backwards=True),
            L.Dense(2),
        ]
    )
    return Case(model, normal(N, 7, 4), normal(N, 2), dict(optimizer=keras.optimizers.Adam(0.01, amsgrad=True, clipnorm=0.5), loss="mse"))


def embedded_text():
    model = keras.Sequential(
        [
            L.Input((6,), dtype="int32"),
            L.Embedding(12, 5, mask_zero=True),
            L.Bidirectional(L.LSTM(4), backward_layer=L.GRU(4, go_backwards=True)),
            L.Dense(1, activation="sigmoid"),
        ]
    )
    return Case(model, ints(12, N, 6), ints(2, N, 1).astype("float32"), dict(optimizer="rmsprop", loss=keras.losses.BinaryCrossentropy(label_smoothing=0.1), metrics=["accuracy", keras.metrics.Precision()]))


def cells_and_wrappers():
    cell = L.StackedRNNCells([L.LSTMCell(4), L.GRUCell(3), L.SimpleRNNCell(5, activation="relu")])
    x = L.Input((5, 6, 6, 2))
    y = L.TimeDistributed(L.Conv2D(3, 3, activation="relu"))(x)
    y = L.TimeDistributed(L.Flatten())(y)
    y = L.RNN(cell, return_sequences=True)(y)
    y = L.TimeDistributed(L.Dense(4))(y)
    y = L.Bidirectional(L.RNN(L.GRUCell(3)), merge_mode="ave")(y)
    model = keras.Model(x, L.Dense(2)(y))
    return Case(model, normal(N, 5, 6, 6, 2), normal(N, 2), dict(optimizer="adam", loss="mse"))


def encoder_decoder():
    source, target = L.Input((5, 3), name="source"), L.Input((4, 3), name="target")
    _, h, c = L.LSTM(6, return_state=True)(source)
    y = L.LSTM(6, return_sequences=True)(target, initial_state=[h, c])
    model = keras.Model([source, target], L.Dense(3)(y))
    return Case(model, [normal(N, 5, 3), normal(N, 4, 3)], normal(N, 4, 3), dict(optimizer="adam", loss="mse"))


def conv_lstm():
    model = keras.Sequential([L.Input((3, 5, 5, 2)), L.ConvLSTM2D(3, 3, padding="same", return_sequences=True), L.ConvLSTM2D(2, 2), L.Flatten(), L.Dense(2)])
    return Case(model, normal(N, 3, 5, 5, 2), normal(N, 2), dict(optimizer="adam", loss="mse"))


def transformer():
    x = L.Input((6, 8), name="tokens")
    a = L.MultiHeadAttention(2, 4, name="mha")(x, x, use_causal_mask=True)
    y = L.LayerNormalization(epsilon=1e-5)(L.Add()([x, a]))
    f = L.EinsumDense("abc,cd->abd", output_shape=(None, 10), bias_axes="d", activation="gelu")(y)
    y = L.LayerNormalization(rms_scaling=False)(L.Add()([y, L.Dense(8)(f)]))
    y = L.GroupQueryAttention(4, 4, 2)(y, y)
    model = keras.Model(x, L.Dense(3)(L.GlobalAveragePooling1D()(y)))
    return Case(model, normal(N, 6, 8), normal(N, 3), dict(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 20, warmup_steps=3, warmup_target=0.02)), loss="mse"))


def attention_pairs():
    q, v = L.Input((4, 6), name="query"), L.Input((5, 6), name="value")
    y = L.Attention(use_scale=True, score_mode="concat")([q, v])
    z = L.AdditiveAttention()([q, v, v])
    model = keras.Model([q, v], L.Dense(2)(L.Concatenate()([y, z])))
    return Case(model, [normal(N, 4, 6), normal(N, 5, 6)], normal(N, 4, 2), dict(optimizer="lion", loss="mse"))


def masked_attention():
    x = L.Input((7,), dtype="int32")
    e = L.Embedding(9, 8, mask_zero=True)(x)
    y = L.MultiHeadAttention(2, 4, value_dim=3, output_shape=6)(e, e)
    y = L.GlobalAveragePooling1D()(y)
    model = keras.Model(x, L.Dense(2)(y))
    return Case(model, ints(9, N, 7), normal(N, 2), dict(optimizer=keras.optimizers.Lamb(), loss="mse"))


def operations():
    x = L.Input((4, 3), name="x")
    y = ops.sin(x) * 2.0 + ops.mean(x, axis=1, keepdims=True)
    y = ops.concatenate([y, ops.relu(x[:, :2])], axis=1)
    y = ops.reshape(y, (-1, 18)) if False else L.Flatten()(y)
    y = ops.where(y > 0, y, y * 0.1)
    y = ops.transpose(ops.expand_dims(y, 1), (0, 2, 1))
    y = ops.einsum("abc->ab", y)
    model = keras.Model(x, L.Dense(2)(ops.clip(y, -1.0, 1.0)))
    return Case(model, normal(N, 4, 3), normal(N, 2), dict(optimizer="adam", loss="mse"))


def normalizations():
    x = L.Input((6, 6, 4))
    y = L.GroupNormalization(2)(x)
    y = L.Conv2D(4, 3, padding="same")(y)
    y = L.BatchNormalization(scale=False, renorm=False)(y) if False else L.BatchNormalization(scale=False)(y)
    y = L.SpectralNormalization(L.Conv2D(5, 2))(y)
    y = L.UnitNormalization(axis=-1)(y)
    y = L.RMSNormalization()(y)
    model = keras.Model(x, L.GlobalMaxPooling2D()(y))
    return Case(model, normal(N, 6, 6, 4), normal(N, 5), dict(optimizer="sgd", loss="mse"))


def upsampling():
    model = keras.Sequential(
        [
            L.Input((4,)),
            L.Dense(2 * 2 * 3),
            L.Reshape((2, 2, 3)),
            L.Conv2DTranspose(4, 3, strides=2, padding="same"),
            L.UpSampling2D(2, interpolation="bilinear"),
            L.ZeroPadding2D(((1, 0), (0, 1))),
            L.Cropping2D(1),
            L.Conv2D(1, 3, activation="tanh", padding="same", dilation_rate=2),
        ]
    )
    return Case(model, normal(N, 4), normal(N, 7, 7, 1), dict(optimizer="adadelta", loss="mse"))


def volumes():
    model = keras.Sequential([L.Input((5, 5, 5, 2)), L.Conv3D(3, 2), L.AveragePooling3D(2), L.Conv3DTranspose(2, 2), L.GlobalAveragePooling3D(keepdims=True), L.Flatten(), L.Dense(2)])
    return Case(model, normal(N, 5, 5, 5, 2), normal(N, 2), dict(optimizer="adam", loss="mse"))


def sequence_convolutions():
    model = keras.Sequential([L.Input((12, 3)), L.Conv1D(4, 3, padding="causal", dilation_rate=2), L.SeparableConv1D(4, 3), L.DepthwiseConv1D(2), L.MaxPooling1D(2), L.Conv1DTranspose(3, 2), L.Conv1D(4, 3, groups=1), L.GlobalMaxPooling1D(), L.Dense(2)])
    return Case(model, normal(N, 12, 3), normal(N, 2), dict(optimizer="adam", loss="mse"))


def normalized_numbers():
    n = L.Normalization()
    n.adapt(normal(40, 5) * 3 + 1)
    model = keras.Sequential([L.Input((5,)), n, L.Dense(2)])
    return Case(model, normal(N, 5), normal(N, 2), dict(optimizer="adam", loss="mse"))


WORDS = ["apple", "pear", "plum", "fig", "quince", "a b", "ü"]


def words():
    lookup = L.StringLookup(output_mode="multi_hot", num_oov_indices=2)
    lookup.adapt(WORDS[:5])
    x = L.Input((3,), dtype="string")
    model = keras.Model(x, lookup(x))
    return Case(model, np.array([[WORDS[(i * 3 + j) % 7] for j in range(3)] for i in range(N)]), trains=False)


def texts():
    v = L.TextVectorization(max_tokens=20, output_mode="int", output_sequence_length=6, ngrams=2)
    v.adapt(["the quick brown fox", "the lazy dog!", "Fox and dog"])
    x = L.Input((1,), dtype="string")
    model = keras.Model(x, v(x))
    return Case(model, np.array([["the fox"], ["Lazy lazy dog"], ["nothing, known"], [""]]), trains=False)


def texts_tf_idf():
    v = L.TextVectorization(output_mode="tf_idf")
    v.adapt(["the quick brown fox", "the lazy dog!", "Fox and dog"])
    x = L.Input((1,), dtype="string")
    model = keras.Model(x, v(x))
    return Case(model, np.array([["the fox"], ["Lazy lazy dog"], ["nothing, known"], [""]]), trains=False)


def numbers_looked_up():
    a, b = L.Input((1,), dtype="int32", name="id"), L.Input((1,), name="price")
    ids = L.IntegerLookup(vocabulary=[5, 7, 11, 13], output_mode="one_hot")(a)
    bins = L.Discretization(bin_boundaries=[-0.5, 0.0, 0.8], output_mode="one_hot")(b)
    model = keras.Model({"id": a, "price": b}, L.Dense(2)(L.Concatenate()([ids, bins])))
    return Case(model, {"id": ints(15, N, 1), "price": normal(N, 1)}, normal(N, 2), dict(optimizer="adam", loss="mse"))


def discretized():
    d = L.Discretization(num_bins=4, output_mode="one_hot")
    d.adapt(normal(50, 1))
    model = keras.Sequential([L.Input((1,)), d, L.Dense(2)])
    return Case(model, normal(N, 1), normal(N, 2), dict(optimizer="adam", loss="mse"))


def image_preprocessing():
    model = keras.Sequential(
        [
            L.Input((12, 10, 3)),
            L.Rescaling(1 / 127.5, offset=-1),
            L.Resizing(8, 8, interpolation="nearest"),
            L.CenterCrop(6, 6),
            L.RandomFlip("horizontal", seed=2),
            L.RandomRotation(0.1, fill_mode="nearest"),
            L.RandomTranslation(0.1, (-0.1, 0.2)),
            L.RandomZoom(0.2),
            L.RandomContrast(0.3),
            L.RandomBrightness(0.2, value_range=(-1, 1)),
            L.GaussianNoise(0.1),
            L.Flatten(),
            L.Dropout(0.3, seed=7),
            L.AlphaDropout(0.1),
            L.GaussianDropout(0.1),
            L.Dense(2),
        ]
    )
    return Case(model, np.abs(normal(N, 12, 10, 3)) * 80, normal(N, 2), dict(optimizer="adam", loss="mse"), trains=False)


def mixed_precision():
    x = L.Input((6,))
    y = L.Dense(8, activation="relu", dtype="mixed_float16")(x)
    y = L.Dense(8, dtype=keras.dtype_policies.DTypePolicy("mixed_bfloat16"))(y)
    model = keras.Model(x, L.Dense(2, dtype="float32")(y))
    return Case(model, normal(N, 6), normal(N, 2), dict(optimizer="adam", loss="mse"), trains=False)


def whole_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = keras.Sequential([L.Input((6,)), L.Dense(8, activation="relu"), L.BatchNormalization(), L.Dense(2)])
        model(normal(2, 6))
    finally:
        keras.config.set_dtype_policy(before)
    return Case(model, normal(N, 6), normal(N, 2), dict(optimizer="adam", loss="mse"), trains=False)


def frozen():
    inner = keras.Sequential([L.Input((5,)), L.Dense(6, activation="relu", name="a"), L.BatchNormalization(name="b")], name="base")
    inner.trainable = False
    x = L.Input((5,))
    first = L.Dense(5, trainable=False)(x)
    model = keras.Model(x, L.Dense(2)(inner(first)))
    return Case(model, normal(N, 5), normal(N, 2), dict(optimizer="adam", loss="mse"))


def lora():
    dense = L.Dense(6)
    embedding = L.Embedding(9, 6)
    model = keras.Sequential([L.Input((4,), dtype="int32"), embedding, L.Flatten(), dense])
    dense.enable_lora(2)
    embedding.enable_lora(2)
    # Keras loads both factors as zeros, which then learn nothing; here one of them keeps its values.
    return Case(model, ints(9, N, 4), normal(N, 6), dict(optimizer="adam", loss="mse"), follows=False)


OPTIMIZERS = {
    "sgd": lambda s: s.SGD(s.schedules.ExponentialDecay(0.1, 2, 0.9, staircase=True), momentum=0.8, weight_decay=0.01),
    "sgd_value": lambda s: s.SGD(0.1, clipvalue=0.05),
    "rmsprop": lambda s: s.RMSprop(0.01, rho=0.8, momentum=0.3, centered=True, global_clipnorm=1.0),
    "adam_ema": lambda s: s.Adam(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3),
    "adam_accumulating": lambda s: s.Adam(0.01, gradient_accumulation_steps=2),
    "adamw_piecewise": lambda s: s.AdamW(s.schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01]), amsgrad=True),
    "nadam": lambda s: s.Nadam(0.02, beta_1=0.8),
    "adamax": lambda s: s.Adamax(0.01),
    "adadelta": lambda s: s.Adadelta(1.0, rho=0.9),
    "adagrad": lambda s: s.Adagrad(s.schedules.InverseTimeDecay(0.1, 3, 0.5)),
    "adafactor": lambda s: s.Adafactor(0.05),
    "ftrl": lambda s: s.Ftrl(0.1, l1_regularization_strength=0.001),
    "lion": lambda s: s.Lion(s.schedules.PolynomialDecay(0.01, 10, power=2.0, cycle=True)),
    "lamb": lambda s: s.Lamb(0.01),
    "muon": lambda s: s.Muon(0.01, exclude_layers=["head"]),
    "loss_scale": lambda s: s.LossScaleOptimizer(s.Adam(0.01), initial_scale=64.0, dynamic_growth_steps=3),
    "cosine_restarts": lambda s: s.SGD(s.schedules.CosineDecayRestarts(0.1, 3)),
    "schedule_free": lambda s: s.ScheduleFreeAdamW(0.01),
}



def follows(key):
    """Keras counts accumulated steps since 3.5; on torch its ScheduleFreeAdamW loses the steps' old values."""
    return key != "adam_accumulating" and not (key == "schedule_free" and keras.backend.backend() == "torch")


LOSSES = {
    "mape": "mean_absolute_percentage_error",
    "msle": "msle",
    "poisson": "poisson",
    "kl": keras.losses.KLDivergence(),
    "hinge": "hinge",
    "squared_hinge": keras.losses.SquaredHinge(reduction="sum"),
    "cosine": keras.losses.CosineSimilarity(axis=-1),
    "huber": keras.losses.Huber(delta=0.7),
    "focal": keras.losses.BinaryFocalCrossentropy(gamma=1.5, apply_class_balancing=True),
    "categorical_focal": keras.losses.CategoricalFocalCrossentropy(alpha=0.3),
    "tversky": keras.losses.Tversky(alpha=0.4),
    "dice": keras.losses.Dice(),
    **({"generalized": keras.losses.CategoricalGeneralizedCrossEntropy()} if hasattr(keras.losses, "CategoricalGeneralizedCrossEntropy") else {}),
}


def with_optimizer(key):
    def build():
        model = keras.Sequential([L.Input((5,)), L.Dense(6, activation="tanh"), L.Dense(4, activation="sigmoid", name="head")])
        return Case(model, normal(N, 5), normal(N, 4), dict(optimizer=OPTIMIZERS[key](keras.optimizers), loss="mse"), follows=follows(key))

    return build


def with_loss(key):
    def build():
        metrics = ["mse", keras.metrics.RootMeanSquaredError(), keras.metrics.CosineSimilarity(axis=-1), keras.metrics.CategoricalAccuracy(), keras.metrics.MeanAbsoluteError(name="mine"), keras.metrics.F1Score(average="macro"), keras.metrics.R2Score(), keras.metrics.OneHotMeanIoU(num_classes=4), keras.metrics.LogCoshError(), keras.metrics.KLDivergence(), keras.metrics.SensitivityAtSpecificity(0.5, num_thresholds=10), keras.metrics.TruePositives(thresholds=0.4)]
        model = keras.Sequential([L.Input((5,)), L.Dense(6), L.Dense(4, activation="softmax")])
        return Case(model, normal(N, 5), one_hot(4, N), dict(optimizer="sgd", loss=LOSSES[key], metrics=metrics))

    return build


def named_models():
    plain = [mlp, mlp_without_input, regularized, activity_regularized, convolutional, shared_multi, list_outputs, nested, sequential_in_sequential, recurrent, embedded_text, cells_and_wrappers, encoder_decoder, conv_lstm, transformer, attention_pairs, masked_attention, operations, normalizations, upsampling, volumes, sequence_convolutions, normalized_numbers, words, texts, texts_tf_idf, numbers_looked_up, discretized, image_preprocessing, mixed_precision, whole_mixed_precision, frozen, lora]
    yield from ((build.__name__, build) for build in plain)
    yield from ((f"optimizer_{key}", with_optimizer(key)) for key in OPTIMIZERS)
    yield from ((f"loss_{key}", with_loss(key)) for key in LOSSES)
