"""Random optimizers and learning-rate schedules."""

import keras

S = keras.optimizers.schedules


def schedule(d):
    return d.pick(
        lambda: S.ExponentialDecay(0.1, 3, 0.5, staircase=d.maybe()),
        lambda: S.InverseTimeDecay(0.1, 3, 0.5, staircase=d.maybe()),
        lambda: S.PolynomialDecay(0.1, 5, 0.01, power=d.pick(1.0, 2.0), cycle=d.maybe()),
        lambda: S.PiecewiseConstantDecay([2, 5], [0.1, 0.05, 0.01]),
        lambda: S.CosineDecay(0.1, 6, alpha=0.1, **d.pick({}, {"warmup_target": 0.2, "warmup_steps": 2})),
        lambda: S.CosineDecayRestarts(0.1, 3, t_mul=2.0, m_mul=0.9, alpha=0.1),
    )()


def optimizer(cls, rate=True, **choices):
    def draw(d):
        kwargs = d.options(**choices)
        if rate:
            kwargs |= d.pick({}, {"learning_rate": d.pick(0.1, 0.01)}, {"learning_rate": schedule(d)})
        kwargs |= d.pick({}, {}, {"clipnorm": 0.5}, {"clipvalue": 0.2}, {"global_clipnorm": 0.7})
        if d.maybe(0.3):
            kwargs["weight_decay"] = d.pick(0.01, 0.1)
        if d.maybe(0.3):
            kwargs |= {"use_ema": True, "ema_momentum": 0.9, **d.options(ema_overwrite_frequency=[2, 3])}
        if d.maybe(0.2):
            kwargs["gradient_accumulation_steps"] = d.pick(2, 3)
        if d.maybe(0.15):
            kwargs["loss_scale_factor"] = 4.0
        return {"cls": cls, "kwargs": kwargs, "shapes": [d.sizes(d.int(0, 3), 1, 4) for _ in range(d.int(1, 3))], "steps": d.int(3, 8)}

    return draw


def scaling(d):
    """A loss-scale optimizer around another one, fed with scaled gradients, some of them infinite."""
    cls = d.pick("SGD", "Adam", "RMSprop", "Adagrad", "Lion", "Adamax", "Adadelta")
    inner = DRAWS["optimizers"][cls](d)
    inner["kwargs"].pop("loss_scale_factor", None)
    kwargs = {"inner_optimizer": getattr(keras.optimizers, cls)(**inner["kwargs"]), **d.options(initial_scale=[8.0, 1024.0], dynamic_growth_steps=[2, 3])}
    return {**inner, "cls": "LossScaleOptimizer", "kwargs": kwargs, "scale": kwargs.get("initial_scale", 2.0**15), "infinite_at": d.int(0, 6)}


def scheduled(d):
    return {"schedule": schedule(d)}


MOMENTS = {"beta_1": [0.8], "beta_2": [0.99], "epsilon": [1e-3]}

DRAWS = {
    "optimizers": {
        "LossScaleOptimizer": scaling,
        "SGD": optimizer("SGD", momentum=[0.9, 0.5], nesterov=[True]),
        "RMSprop": optimizer("RMSprop", rho=[0.8], momentum=[0.5], epsilon=[1e-3], centered=[True]),
        "Adam": optimizer("Adam", amsgrad=[True], **MOMENTS),
        "AdamW": optimizer("AdamW", amsgrad=[True], **MOMENTS),
        "Adamax": optimizer("Adamax", **MOMENTS),
        "Nadam": optimizer("Nadam", **MOMENTS),
        "Adagrad": optimizer("Adagrad", initial_accumulator_value=[0.5], epsilon=[1e-3]),
        "Adadelta": optimizer("Adadelta", rho=[0.8], epsilon=[1e-3]),
        "Ftrl": optimizer("Ftrl", learning_rate_power=[-0.4], initial_accumulator_value=[0.5], l1_regularization_strength=[0.1], l2_regularization_strength=[0.1], l2_shrinkage_regularization_strength=[0.1], beta=[0.2]),
        "Lion": optimizer("Lion", beta_1=[0.8], beta_2=[0.9]),
        "Adafactor": optimizer("Adafactor", beta_2_decay=[-0.6], clip_threshold=[0.5], relative_step=[False], epsilon_1=[1e-6], epsilon_2=[1e-2]),
    },
    "schedules": {"schedules": scheduled},
}  # fmt: skip
