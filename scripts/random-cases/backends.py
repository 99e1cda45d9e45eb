"""What differs between the backends of Keras: tensors, gradients, values."""

import keras
import numpy as np

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    def tensor(array):
        return tf.constant(array)

    def gradients_of(call, sources, variables, cotangents_of):
        """Outputs of `call(sources)`, their cotangents, and the gradients of sources and variables (None where none reach)."""
        values = [v.value for v in variables]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([s for s in sources if s.dtype.is_floating])
            outputs = call()
            cotangents = cotangents_of(outputs)
            total = 0.0
            for y, c in zip(outputs, cotangents):
                if c is not None:
                    # Of outputs of two bytes: their sum is one of more.
                    wide = y.dtype if y.dtype.size > 2 else tf.float32
                    total = total + tf.cast(tf.reduce_sum(tf.cast(y, wide) * tf.cast(tf.constant(c), wide)), tf.float64)
        found = []
        for x in [*sources, *values]:
            x = tf.convert_to_tensor(x) if not isinstance(x, (tf.Tensor, tf.Variable)) else x
            if not x.dtype.is_floating:
                found.append(None)
                continue
            g = tape.gradient(total, x) if isinstance(total, tf.Tensor) else None
            found.append(None if g is None else tf.convert_to_tensor(g).numpy())
        return outputs, cotangents, found

else:
    import torch

    torch.set_num_threads(1)

    def tensor(array):
        t = torch.tensor(np.array(array, order="C"))
        return t.requires_grad_() if t.is_floating_point() else t

    def gradients_of(call, sources, variables, cotangents_of):
        outputs = call()
        cotangents = cotangents_of(outputs)
        total = 0.0
        for y, c in zip(outputs, cotangents):
            if c is not None:
                wide = y.dtype if y.dtype.itemsize > 2 else torch.float32
                total = total + (y.to(wide) * torch.tensor(c).to(wide)).sum().double()
        found = []
        for x in [*sources, *(v.value for v in variables)]:
            if not x.is_floating_point():
                found.append(None)
                continue
            g = None
            if isinstance(total, torch.Tensor) and total.requires_grad and x.requires_grad:
                (g,) = torch.autograd.grad(total, [x], retain_graph=True, allow_unused=True)
            found.append(None if g is None else value(g))
        return outputs, cotangents, found


def value(x):
    """A tensor, a variable or a number as an array."""
    if isinstance(x, (bool, int, float)):
        return np.asarray(x)
    if hasattr(x, "to_dense") and hasattr(x, "indices"):
        x = keras.ops.convert_to_tensor(x)
    if keras.backend.backend() == "torch" and getattr(x, "dtype", None) == torch.bfloat16:
        import ml_dtypes

        return np.asarray(x.detach().float().numpy()).astype(ml_dtypes.bfloat16)
    return np.asarray(keras.ops.convert_to_numpy(x))
