"""Random functional models over every layer class: chains with branches, shared layers, several inputs and outputs."""

import keras
import numpy as np
from keras import layers as L

from named_models import OPTIMIZERS, Case, N, follows

ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "softplus", "softsign", "mish", "hard_sigmoid", "exponential", "leaky_relu", "relu6", "log_sigmoid", "celu", "glu", "hard_tanh", "hard_shrink", "soft_shrink", "squareplus", "tanh_shrink", "sparse_plus", "linear", None]
INITIALIZERS = ["glorot_uniform", "he_normal", "lecun_uniform", "random_normal", "truncated_normal", "orthogonal", "variance_scaling", "ones"]


class Chance:
    def __init__(self, seed):
        self.r = np.random.default_rng(seed)

    def of(self, *values):
        return values[int(self.r.integers(len(values)))]

    def flag(self, p=0.5):
        return bool(self.r.random() < p)

    def n(self, low, high):
        return int(self.r.integers(low, high + 1))

    def activation(self):
        return self.of(*[a for a in ACTIVATIONS if a not in ("glu", "exponential")])

    def initial(self):
        choice = self.of(*INITIALIZERS[:-1])
        return self.of(choice, keras.initializers.get(choice).__class__(seed=self.n(0, 99)))

    def regularizer(self):
        return self.of(None, None, None, "l2", keras.regularizers.L1(0.003), keras.regularizers.L1L2(0.001, 0.002))

    def constraint(self):
        return self.of(None, None, None, "max_norm", keras.constraints.NonNeg(), keras.constraints.MinMaxNorm(0.1, 2.0, rate=0.7, axis=0))

    def dense(self):
        return dict(activation=self.activation(), use_bias=self.flag(0.8), kernel_initializer=self.initial(), bias_initializer=self.of("zeros", "ones", keras.initializers.Constant(0.1)), kernel_regularizer=self.regularizer(), bias_regularizer=self.regularizer(), kernel_constraint=self.constraint())

    def recurrent(self):
        return dict(use_bias=self.flag(0.8), kernel_initializer=self.initial(), kernel_regularizer=self.regularizer(), recurrent_regularizer=self.regularizer(), kernel_constraint=self.of(None, "max_norm"), go_backwards=self.flag(0.3), unroll=self.flag(0.2))


def elementwise(c, rank):
    return [
        lambda: L.Activation(c.activation() or "linear"),
        lambda: L.ReLU(max_value=c.of(None, 2.0), negative_slope=c.of(0.0, 0.2), threshold=c.of(0.0, 0.1)),
        lambda: L.LeakyReLU(negative_slope=0.15),
        lambda: L.ELU(alpha=0.7),
        lambda: L.Softmax(axis=c.of(-1, 1)),
        lambda: L.Identity(),
        lambda: L.Rescaling(scale=c.of(0.5, [0.5]), offset=c.of(0.0, 0.3)),
        lambda: L.LayerNormalization(axis=-1, center=c.flag(), scale=c.flag()),
        lambda: L.BatchNormalization(center=c.flag(), scale=c.flag(), momentum=c.of(0.9, 0.99), epsilon=c.of(1e-3, 1e-5)),
        lambda: L.UnitNormalization(),
        lambda: L.RMSNormalization(),
        lambda: L.PReLU(shared_axes=c.of(None, [1])),
        lambda: L.Dense(c.n(2, 6), **c.dense()),
    ]


def random_ones(c, rank):
    sized = {3: L.SpatialDropout1D, 4: L.SpatialDropout2D, 5: L.SpatialDropout3D}
    return [
        lambda: L.Dropout(0.3, seed=c.of(None, 4), noise_shape=None),
        lambda: L.GaussianDropout(0.2, seed=c.of(None, 3)),
        lambda: L.GaussianNoise(0.1),
        lambda: L.AlphaDropout(0.2),
        *([lambda: sized[rank](0.2)] if rank in sized else []),
    ]


def flat(c, shape):
    return [
        lambda: L.Dense(c.n(2, 7), **c.dense()),
        lambda: L.EinsumDense("ab,bc->ac", output_shape=c.n(2, 5), bias_axes=c.of(None, "c"), activation=c.activation()),
        lambda: L.RepeatVector(c.n(2, 4)),
        lambda: L.Reshape((shape[1], 1)),
        lambda: L.Reshape((1, 1, shape[1])),
        lambda: L.SpectralNormalization(L.Dense(c.n(2, 5)), power_iterations=c.n(1, 2)),
    ]


def sequence(c, shape):
    t, f = shape[1], shape[2]
    seq = c.flag(0.7)
    cells = lambda: c.of(L.LSTMCell, L.GRUCell, L.SimpleRNNCell)(c.n(2, 4))
    makers = [
        lambda: L.LSTM(c.n(2, 5), return_sequences=seq, unit_forget_bias=c.flag(), activation=c.of("tanh", "relu"), recurrent_activation=c.of("sigmoid", "hard_sigmoid"), **c.recurrent()),
        lambda: L.GRU(c.n(2, 5), return_sequences=seq, reset_after=c.flag(), **c.recurrent()),
        lambda: L.SimpleRNN(c.n(2, 5), return_sequences=seq, **c.recurrent()),
        lambda: L.RNN(c.of(cells(), [cells(), cells()]), return_sequences=seq, go_backwards=c.flag(0.3)),
        lambda: L.Bidirectional(c.of(L.LSTM, L.GRU, L.SimpleRNN)(c.n(2, 4), return_sequences=seq), merge_mode=c.of("concat", "sum", "mul", "ave")),
        lambda: L.Bidirectional(L.RNN(cells(), return_sequences=seq), merge_mode="concat"),
        lambda: L.TimeDistributed(L.Dense(c.n(2, 4), activation=c.activation())),
        lambda: L.TimeDistributed(keras.Sequential([L.Input((f,)), L.Dense(3), L.LayerNormalization()])),
        lambda: L.EinsumDense("abc,cd->abd", output_shape=(None, c.n(2, 5)), bias_axes=c.of(None, "d")),
        lambda: L.GlobalAveragePooling1D(keepdims=False),
        lambda: L.GlobalMaxPooling1D(),
        lambda: L.Permute((2, 1)),
        lambda: L.ZeroPadding1D(c.of(1, (1, 2))),
        lambda: L.UpSampling1D(2),
        lambda: L.Masking(0.0) if False else L.Flatten(),
        lambda: L.GroupNormalization(c.of(1, -1)),
    ]
    if t >= 3:
        makers += [
            lambda: L.Conv1D(c.n(2, 5), c.n(1, 3), padding=c.of("valid", "same", "causal"), dilation_rate=c.of(1, 1), strides=c.of(1, 2), **c.dense()),
            lambda: L.SeparableConv1D(c.n(2, 4), 2, depth_multiplier=c.n(1, 2), padding=c.of("valid", "same"), activation=c.activation()),
            lambda: L.DepthwiseConv1D(2, depth_multiplier=c.n(1, 2), padding=c.of("valid", "same")),
            lambda: L.Conv1DTranspose(c.n(2, 4), c.n(1, 3), strides=c.of(1, 2), padding=c.of("valid", "same")),
            lambda: L.MaxPooling1D(2, strides=c.of(None, 1), padding=c.of("valid", "same")),
            lambda: L.AveragePooling1D(2, padding=c.of("valid", "same")),
            lambda: L.Cropping1D((1, 0)),
        ]
    return makers


def image(c, shape):
    h, w, f = shape[1:]
    makers = [
        lambda: L.GlobalAveragePooling2D(keepdims=c.flag(0.3)),
        lambda: L.GlobalMaxPooling2D(),
        lambda: L.Flatten(),
        lambda: L.ZeroPadding2D(c.of(1, (1, 2), ((0, 1), (1, 0)))),
        lambda: L.UpSampling2D(c.of(2, (1, 2)), interpolation=c.of("nearest", "bilinear")),
        lambda: L.GroupNormalization(c.of(1, -1)),
        lambda: L.SpectralNormalization(L.Conv2D(3, 1)),
        lambda: L.Reshape((h * w, f)),
        lambda: L.Permute((2, 1, 3)),
        lambda: L.Conv2D(c.n(2, 5), 1, **c.dense()),
        lambda: L.Resizing(c.n(3, 6), c.n(3, 6), interpolation=c.of("nearest", "bilinear")),
    ]
    if min(h, w) >= 3:
        makers += [
            lambda: L.Conv2D(c.n(2, 5), c.of(3, (2, 3)), padding=c.of("valid", "same"), strides=c.of(1, 2), **c.dense()),
            lambda: L.Conv2D(c.n(2, 4), 2, dilation_rate=2, padding=c.of("valid", "same")),
            lambda: L.Conv2D(f * 2, 3, groups=f, padding="same"),
            lambda: L.DepthwiseConv2D(c.n(2, 3), depth_multiplier=c.n(1, 2), padding=c.of("valid", "same"), activation=c.activation()),
            lambda: L.SeparableConv2D(c.n(2, 4), c.n(2, 3), padding=c.of("valid", "same"), activation=c.activation()),
            lambda: L.Conv2DTranspose(c.n(2, 4), c.n(2, 3), strides=c.of(1, 2), padding=c.of("valid", "same"), output_padding=None),
            lambda: L.MaxPooling2D(c.of(2, (2, 1)), strides=c.of(None, 1), padding=c.of("valid", "same")),
            lambda: L.AveragePooling2D(2, strides=c.of(None, 1), padding=c.of("valid", "same")),
            lambda: L.Cropping2D(((1, 0), (0, 1))),
            lambda: L.CenterCrop(2, 3),
            lambda: L.AdaptiveAveragePooling2D(2),
            lambda: L.AdaptiveMaxPooling2D((2, 3)),
        ]
    return makers


def volume(c, shape):
    makers = [
        lambda: L.GlobalAveragePooling3D(),
        lambda: L.GlobalMaxPooling3D(),
        lambda: L.Flatten(),
        lambda: L.ZeroPadding3D(1),
        lambda: L.UpSampling3D((1, 2, 1)),
        lambda: L.Conv3D(c.n(2, 4), 1, **c.dense()),
        lambda: L.TimeDistributed(L.Conv2D(2, 2, activation="relu", padding="same")),
        lambda: L.ConvLSTM2D(c.n(2, 3), 2, padding="same", return_sequences=c.flag()),
    ]
    if min(shape[1:4]) >= 3:
        makers += [
            lambda: L.Conv3D(c.n(2, 4), 2, padding=c.of("valid", "same"), strides=c.of(1, 2), **c.dense()),
            lambda: L.Conv3DTranspose(2, 2, padding=c.of("valid", "same")),
            lambda: L.MaxPooling3D(2),
            lambda: L.AveragePooling3D(2, padding="same"),
            lambda: L.Cropping3D(((1, 0), (0, 1), (1, 0))),
        ]
    return makers


BY_RANK = {2: flat, 3: sequence, 4: image, 5: volume}


def next_layer(c, x, stochastic):
    rank = len(x.shape)
    pool = BY_RANK[rank](c, x.shape)
    kind = c.r.random()
    if stochastic and kind < 0.2:
        pool = random_ones(c, rank)
    elif kind < 0.5:
        pool = elementwise(c, rank)
    return c.of(*pool)()


def size_of(x):
    return int(np.prod(x.shape[1:]))


def pair(c, x):
    """Two branches of one tensor that are merged again."""
    a, b = x, L.Dense(int(x.shape[-1]), activation=c.activation())(x)
    merge = c.of(L.Add, L.Multiply, L.Subtract, L.Average, L.Maximum, L.Minimum, lambda: L.Concatenate(axis=-1))()
    return merge([a, b])


def attention(c, x):
    if c.flag(0.3):
        return L.MultiHeadAttention(c.n(1, 2), 3, value_dim=c.of(None, 2), use_bias=c.flag(), dropout=0.0)(x, x)
    if c.flag(0.4):
        return L.GroupQueryAttention(3, 4, 2)(x, x)
    if c.flag():
        return L.Attention(use_scale=c.flag(), score_mode=c.of("dot", "concat"))([x, x])
    return L.AdditiveAttention(use_scale=c.flag())([x, x])


def start(c, name):
    kind = c.of("flat", "sequence", "image", "image", "volume", "tokens", "sequence")
    r = c.r
    if kind == "tokens":
        t, v = c.n(3, 6), c.n(5, 9)
        i = L.Input((t,), dtype="int32", name=name)
        return i, L.Embedding(v, c.n(2, 5), mask_zero=c.flag(0.3))(i), r.integers(0, v, (N, t)).astype("int32")
    shape = {"flat": (c.n(2, 7),), "sequence": (c.n(3, 7), c.n(1, 4)), "image": (c.n(5, 8), c.n(5, 8), c.n(1, 3)), "volume": (c.n(3, 5), c.n(3, 5), c.n(3, 5), c.n(1, 2))}[kind]
    i = L.Input(shape, name=name)
    return i, i, r.normal(size=(N, *shape)).astype("float32")


def random_model(seed):
    c = Chance(seed)
    keras.utils.set_random_seed(seed)
    stochastic = c.flag(0.25)
    ends, inputs, data = [], [], []
    for which in range(c.of(1, 1, 1, 2)):
        i, x, values = start(c, f"in_{which}")
        inputs.append(i)
        data.append(values)
        for _ in range(c.n(1, 5)):
            if size_of(x) > 3000:
                break
            if c.flag(0.15):
                x = pair(c, x)
            elif len(x.shape) == 3 and c.flag(0.15):
                x = attention(c, x)
            else:
                x = next_layer(c, x, stochastic)(x)
        ends.append(x if len(x.shape) == 2 else c.of(L.Flatten(), *([L.GlobalAveragePooling1D()] if len(x.shape) == 3 else []))(x))
    if len(ends) == 2:
        shared = L.Dense(4, activation="tanh", name="shared")
        ends = [shared(L.Dense(3)(e)) for e in ends]
        if c.flag():
            ends = [L.Dot(axes=1, normalize=c.flag())(ends)] if c.flag() else [L.Concatenate()(ends)]
    if c.flag(0.2):
        body_in = L.Input((ends[0].shape[-1],))
        body = keras.Model(body_in, L.Dense(4)(L.LayerNormalization()(body_in)), name="body")
        ends = [body(ends[0]), *ends[1:]]
    outputs = [L.Dense(c.n(1, 3), activation=c.of(None, "sigmoid"), name=f"out_{k}")(e) for k, e in enumerate(ends)]
    targets = [c.r.uniform(0.1, 0.9, (N, o.shape[-1])).astype("float32") for o in outputs]
    single_in, single_out = len(inputs) == 1 and c.flag(0.8), len(outputs) == 1 and c.flag(0.8)
    model = keras.Model(inputs[0] if single_in else inputs, outputs[0] if single_out else outputs, name=f"random_{seed}")
    key = c.of(*[k for k in OPTIMIZERS if k not in ("muon",)])
    loss = c.of("mse", "mae", "binary_crossentropy", keras.losses.Huber(0.5), keras.losses.LogCosh())
    compiled = dict(optimizer=OPTIMIZERS[key](keras.optimizers), loss=loss if single_out else [loss] * len(outputs))
    if single_out and c.flag():
        compiled["metrics"] = [c.of("mae", keras.metrics.MeanSquaredError(name="m"), keras.metrics.RootMeanSquaredError())]
    return Case(model, data[0] if single_in else data, targets[0] if single_out else targets, compiled, trains=not stochastic, follows=follows(key))


def random_models(seed, count):
    yield from ((f"random_{k}", lambda k=k: random_model(k)) for k in range(seed, seed + count))
