#!/usr/bin/python3
"""Single contractions in PyTorch on the CPU, as JSON lines: the works of ../works.ts by name.

Usage: pytorch_kernels.py SECONDS THREADS [WORK]
Convolutions in channels_last, the layout that oneDNN runs fastest.
"""
import json, os, re, sys, time

def best_core():
    flags = open("/proc/cpuinfo").read()
    return "COOPERLAKE" if "avx512_bf16" in flags else "SKYLAKEX" if "avx512f" in flags else "HASWELL"

if "OPENBLAS_CORETYPE" not in os.environ or "OPENBLAS_L2_SIZE" in os.environ:
    os.environ["OPENBLAS_CORETYPE"] = best_core()
    os.environ.pop("OPENBLAS_L2_SIZE", None)
    os.execv(sys.executable, [sys.executable] + sys.argv)

threads = int(sys.argv[2])
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(threads)  # before the library starts its own

import torch

def median_ms(f, seconds):
    for _ in range(2): f()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or (len(times) < 2000 and time.perf_counter() < end):
        start = time.perf_counter(); f(); times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return times[len(times) // 2]

seconds, only = float(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else ""
torch.set_num_threads(threads)
names = [f"matmul {n}" for n in (512, 1024, 2048)] + [f"conv 3x3 {c}-{c} {s}x{s} {p}" for c, s in ((64, 56), (256, 28), (512, 14))
    for p in ("forward", "input gradient", "filter gradient")]
for name in names:
    if only not in name: continue
    if name.startswith("matmul"):
        n = int(name.split()[1]); flop = 2 * n ** 3
        a, b, c = torch.randn(n, n), torch.randn(n, n), torch.empty(n, n)
        run = lambda: torch.mm(a, b, out=c)
    else:
        channels, side, part = re.match(r"conv 3x3 (\d+)-\d+ (\d+)x\d+ (.*)", name).groups(); channels, side = int(channels), int(side)
        flop = 2 * 8 * side * side * channels * channels * 9
        make = lambda *shape: torch.randn(*shape).to(memory_format=torch.channels_last)
        x, w, y = make(8, channels, side, side), make(channels, channels, 3, 3), make(8, channels, side, side)
        back = lambda mask: torch.ops.aten.convolution_backward(y, x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, mask)
        run = {"forward": lambda: torch.nn.functional.conv2d(x, w, None, 1, 1), "input gradient": lambda: back([True, False, False]),
               "filter gradient": lambda: back([False, True, False])}[part]
    with torch.no_grad(): ms = median_ms(run, seconds)
    print(json.dumps({"peer": "pytorch " + torch.__version__, "work": name, "threads": threads, "ms": ms, "gflops": flop / ms / 1e6}), flush=True)
