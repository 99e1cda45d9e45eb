/** The contractions that are measured by themselves. peers/pytorch_kernels.py knows them by name. */

/** One contraction. */
export type Work =
  | { readonly kind: "matmul"; readonly name: string; readonly size: number }
  | {
      readonly kind: "convolution";
      readonly name: string;
      readonly batch: number;
      readonly side: number;
      readonly channels: number;
      readonly pass: "forward" | "input gradient" | "filter gradient";
    };

const sizes = [512, 1024, 2048] as const;
/** Channels and side of 3x3 convolutions, batch 8. */
const convolutions = [
  [64, 56],
  [256, 28],
  [512, 14],
] as const;
const passes = ["forward", "input gradient", "filter gradient"] as const;

/** All of them. */
export const works: readonly Work[] = [
  ...sizes.map((size): Work => ({ kind: "matmul", name: `matmul ${size}`, size })),
  ...convolutions.flatMap(([channels, side]) =>
    passes.map((pass): Work => ({
      kind: "convolution",
      name: `conv 3x3 ${channels}-${channels} ${side}x${side} ${pass}`,
      batch: 8,
      side,
      channels,
      pass,
    })),
  ),
];
