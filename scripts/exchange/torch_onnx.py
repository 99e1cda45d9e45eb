"""Networks of PyTorch as ONNX files, with inputs and outputs, for nabla to import.

    python scripts/exchange/torch_onnx.py FOLDER [--only NAME]

Writes NAME.OPSET[.dynamo].onnx and one io.json. Needs torch, onnx; onnxscript for the newer exporter.
test/keras/torch-onnx.slow.test.ts reads them.
"""

import argparse
import base64
import json
import pathlib
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")


def stored(array):
    array = np.ascontiguousarray(array)
    return {"shape": list(array.shape), "dtype": str(array.dtype), "data": base64.b64encode(array.tobytes()).decode()}


class Residual(nn.Module):
    def __init__(self, inp, out, stride=1):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(inp, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True), nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out))
        self.skip = nn.Sequential(nn.Conv2d(inp, out, 1, stride, bias=False), nn.BatchNorm2d(out)) if stride != 1 or inp != out else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.skip(x))


def resnet():
    return nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1), Residual(8, 8), Residual(8, 16, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


class Inverted(nn.Module):
    def __init__(self, inp, out, stride, expand):
        super().__init__()
        mid = inp * expand
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(mid, 4, 1), nn.ReLU(), nn.Conv2d(4, mid, 1), nn.Hardsigmoid())
        self.a = nn.Sequential(nn.Conv2d(inp, mid, 1, bias=False), nn.BatchNorm2d(mid), nn.Hardswish(), nn.Conv2d(mid, mid, 3, stride, 1, groups=mid, bias=False), nn.BatchNorm2d(mid), nn.ReLU6())
        self.b = nn.Sequential(nn.Conv2d(mid, out, 1, bias=False), nn.BatchNorm2d(out))
        self.same = stride == 1 and inp == out

    def forward(self, x):
        y = self.a(x)
        y = self.b(y * self.squeeze(y))
        return x + y if self.same else y


def mobilenet():
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.SiLU(), Inverted(8, 8, 1, 2), Inverted(8, 12, 2, 3), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(1), nn.Dropout(0.2), nn.Linear(12, 5), nn.LogSoftmax(1))


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Sequential(nn.BatchNorm2d(4 + 3 * i), nn.ReLU(), nn.Conv2d(4 + 3 * i, 3, 3, padding=1)) for i in range(3)])
        self.first = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x):
        y = [self.first(x)]
        for layer in self.layers:
            y.append(layer(torch.cat(y, 1)))
        return F.avg_pool2d(torch.cat(y, 1), 2).mean((2, 3))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 6, 3, padding=1)
        self.low = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.out = nn.Conv2d(12, 2, 1)
        self.norm = nn.GroupNorm(2, 8)
        self.inst = nn.InstanceNorm2d(6, affine=True)

    def forward(self, x):
        a = F.elu(self.inst(self.down(x)))
        b = self.up(F.gelu(self.norm(self.low(a))))
        y = F.interpolate(self.out(torch.cat([a, b], 1)), scale_factor=2, mode="bilinear", align_corners=False)
        return F.interpolate(y, size=(6, 6), mode="nearest")


class Recurrent(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.rnn = kind(5, 6, batch_first=True, **options)
        self.out = nn.Linear(6 * (2 if options.get("bidirectional") else 1), 3)

    def forward(self, x):
        y, state = self.rnn(x)
        last = state[0] if isinstance(state, tuple) else state
        return self.out(y), last


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8, padding_idx=0)
        self.rnn = nn.GRU(8, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.out = nn.Linear(12, 4)

    def forward(self, tokens):
        y, _ = self.rnn(self.embed(tokens))
        return F.softmax(self.out(y[:, -1]), dim=-1)


class Encoder(nn.Module):
    def __init__(self, norm_first=False, activation="gelu"):
        super().__init__()
        self.embed = nn.Embedding(30, 16)
        self.positions = nn.Parameter(torch.randn(1, 12, 16) * 0.1)
        layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.1, activation=activation, batch_first=True, norm_first=norm_first)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(16, 7)

    def forward(self, tokens):
        x = self.embed(tokens) + self.positions[:, : tokens.shape[1]]
        return self.out(self.body(x).mean(1))


class Causal(nn.Module):
    """A decoder by hand: a mask, scaled products, heads split and joined."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, 16)
        self.qkv = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)
        self.norm = nn.LayerNorm(16)
        self.ff = nn.Sequential(nn.Linear(16, 32), nn.GELU(approximate="tanh"), nn.Linear(32, 16))

    def forward(self, tokens):
        x = self.embed(tokens)
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm(x)).split(16, 2)
        q, k, v = (z.view(b, t, 4, 4).transpose(1, 2) for z in (q, k, v))
        scores = q @ k.transpose(-2, -1) / 2.0
        mask = torch.tril(torch.ones(t, t)).view(1, 1, t, t)
        scores = scores.masked_fill(mask == 0, float("-inf"))
        y = (F.softmax(scores, -1) @ v).transpose(1, 2).contiguous().view(b, t, c)
        x = x + self.out(y)
        x = x + self.ff(x)
        return x @ self.embed.weight.T


class Sdpa(nn.Module):
    def __init__(self):
        super().__init__()
        self.p = nn.Linear(8, 24)

    def forward(self, x):
        q, k, v = self.p(x).unflatten(-1, (3, 2, 4)).permute(2, 0, 3, 1, 4).unbind(0)
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, 4)
        self.cls = nn.Parameter(torch.randn(1, 1, 16))
        self.pos = nn.Parameter(torch.randn(1, 17, 16))
        self.block = nn.TransformerEncoderLayer(16, 2, 24, batch_first=True, norm_first=True)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        return self.head(self.block(x)[:, 0])


class Mixed(nn.Module):
    """Operations that are seldom: sorting, gathering, rolling, comparing, reductions of every kind."""

    def forward(self, x):
        top, where = torch.topk(x, 3, dim=1)
        y = torch.where(x > 0, x, x.exp() - 1)
        z = torch.cumsum(y, 1)
        g = torch.gather(z, 1, where)
        n = F.normalize(x, dim=1)
        s = torch.stack([top, g], -1).amax(-1)
        r = torch.roll(x, 1, 1)
        return torch.cat([s, n, r, x.std(1, keepdim=True), x.clamp(-0.5, 0.5), torch.logsumexp(x, 1, keepdim=True), x.prod(1, keepdim=True), torch.sign(x), F.pad(x, (1, 2)), x.argmax(1, keepdim=True).float(), torch.einsum("bi,bj->bij", x, x).sum(2), x.abs().sqrt().round() % 2, F.one_hot(where[:, 0], 6).float()], 1)


class Sequences(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv1d(3, 6, 5, padding=2, dilation=1), nn.PReLU(), nn.MaxPool1d(2), nn.Conv1d(6, 6, 3, padding=2, dilation=2, groups=3), nn.Softplus(), nn.ConvTranspose1d(6, 4, 4, stride=2, padding=1), nn.Mish(), nn.AvgPool1d(2), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(4, 2), nn.Tanh())

    def forward(self, x):
        return self.net(x)


def image(c=3, s=16):
    return (torch.randn(2, c, s, s),)


def tokens(t=9):
    return (torch.randint(1, 20, (2, t)),)


NETS = {
    "resnet": (resnet, image),
    "mobilenet": (mobilenet, image),
    "densenet": (Dense, image),
    "unet": (UNet, lambda: image(1, 8)),
    "conv3d": (lambda: nn.Sequential(nn.Conv3d(1, 3, 3, padding=1), nn.BatchNorm3d(3), nn.MaxPool3d(2), nn.Flatten(), nn.Linear(24, 2)), lambda: (torch.randn(2, 1, 4, 4, 4),)),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda: (torch.randn(2, 7, 5),)),
    "lstm_two_bidirectional": (lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True), lambda: (torch.randn(2, 7, 5),)),
    "gru": (lambda: Recurrent(nn.GRU), lambda: (torch.randn(2, 7, 5),)),
    "rnn": (lambda: Recurrent(nn.RNN, nonlinearity="relu"), lambda: (torch.randn(2, 7, 5),)),
    "tagger": (Tagger, tokens),
    "encoder": (Encoder, tokens),
    "encoder_norm_first": (lambda: Encoder(True, "relu"), tokens),
    "causal": (Causal, tokens),
    "sdpa": (Sdpa, lambda: (torch.randn(2, 5, 8),)),
    "vit": (Vit, image),
    "mixed": (Mixed, lambda: (torch.randn(3, 6),)),
    "sequences": (Sequences, lambda: (torch.randn(2, 3, 12),)),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    io, failed = {}, {}
    for name, (make, data) in NETS.items():
        if given.only not in name:
            continue
        torch.manual_seed(0)
        net, x = make(), data()
        for module in net.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
                module.running_mean.uniform_(-0.3, 0.3)
                module.running_var.uniform_(0.5, 1.5)
        net.eval()
        with torch.no_grad():
            y = net(*x)
        ys = list(y) if isinstance(y, tuple) else [y]
        io[name] = {"inputs": [stored(v.numpy()) for v in x], "outputs": [stored(v.numpy()) for v in ys], "files": []}
        for opset, dynamo, dynamic in [(17, False, True), (18, True, True), (20, True, False)]:
            file = f"{name}.{opset}{'.dynamo' if dynamo else ''}{'' if dynamic else '.fixed'}.onnx"
            try:
                options = dict(input_names=["x"], output_names=[f"y{i}" for i in range(len(ys))], opset_version=opset)
                if dynamo:
                    shapes = ({0: torch.export.Dim("batch", min=1, max=64)},) if dynamic else None
                    torch.onnx.export(net, x, given.folder / file, dynamo=True, external_data=False, verbose=False, dynamic_shapes=shapes, **options)
                else:
                    torch.onnx.export(net, x, str(given.folder / file), dynamo=False, dynamic_axes={"x": {0: "batch"}}, **options)
                io[name]["files"].append(file)
            except Exception as error:
                failed[file] = f"{type(error).__name__}: {str(error)[:200]}"
    (given.folder / "io.json").write_text(json.dumps(io))
    print(json.dumps({"files": sum(len(v["files"]) for v in io.values()), "failed": failed}, indent=1))


if __name__ == "__main__":
    main()
