import { expect, it } from "vitest";
import { gradients } from "../../autodiff/index.ts";
import { ops, random, setBackend, type Tensor } from "../../index.ts";

await setBackend("reference");

it("a window that covers the whole input gives the product of matrices, and its gradients, that the padded convolution gives", async () => {
  const x = random.normal([2, 3, 4, 2], { seed: 1 });
  const kernel = random.normal([3, 4, 2, 5], { seed: 2 });
  const product = ops.conv(x, kernel);
  expect(product.shape).toEqual([2, 1, 1, 5]);
  // One more row than the window: two places, of which the first is the same.
  const taller = (t: Tensor): Tensor => ops.slice(ops.conv(ops.pad(t, [[0, 0], [0, 1], [0, 0], [0, 0]]), kernel), [0, 0, 0, 0], [2, 1, 1, 5]); // prettier-ignore
  const wanted = taller(x);
  const close = async (a: Tensor, b: Tensor): Promise<void> => {
    const other = await b.data();
    (await a.data()).forEach((value, i) => expect(value).toBeCloseTo(other[i]!, 5));
  };
  await close(product, wanted);
  const [ofProduct, ofWanted] = [product, wanted].map((y) => gradients([ops.sum(ops.square(y))], [x, kernel]));
  await close(ofProduct![0]!, ofWanted![0]!);
  await close(ofProduct![1]!, ofWanted![1]!);
});
