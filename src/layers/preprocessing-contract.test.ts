import { beforeAll, describe, expect, it } from "vitest";
import { errors, layers, setBackend, StringTensor, tensor } from "../index.ts";
import { type LayerContract, type LayerUnderTest, runLayerContract } from "../testing/layer-contract.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const contracts: readonly (readonly [unknown, LayerContract])[] = [
  [
    layers.Normalization,
    {
      options: { axis: -1 },
      inputs: [[4, 3]],
      output: [4, 3],
      weights: 3,
      refused: [
        [{ mean: [1, 2] }, /variance/],
        [{ axis: "last" }, /axis/],
        [{ mean: [1, 2], variance: [1] }, /shape/],
      ],
      refusedInputs: [
        [[4, 2], /built for/],
        [[4, 3, 3], /built for/],
      ],
    },
  ],
  [
    layers.Normalization,
    {
      options: { mean: [1, 2, 3], variance: [1, 4, 9], invert: true },
      inputs: [[4, 3]],
      output: [4, 3],
      weights: 0,
      refused: [[{ axis: [0.5] }, /no axis/]],
      refusedInputs: [[[4, 2], /built for/]],
    },
  ],
  [
    layers.CategoryEncoding,
    {
      options: { numTokens: 5 },
      inputs: [[2, 4]],
      output: [2, 5],
      dtype: "int32",
      below: 5,
      weights: 0,
      refused: [
        [{ numTokens: 0 }, /numTokens/],
        [{ numTokens: null }, /numTokens/],
        [{ outputMode: "onehot" }, /one_hot/],
        [{ sparse: true }, /sparse/],
      ],
      refusedInputs: [],
    },
  ],
  [
    layers.Discretization,
    {
      options: { binBoundaries: [-0.5, 0, 0.5], outputMode: "one_hot" },
      inputs: [[2, 4]],
      output: [2, 4, 4],
      weights: 0,
      refused: [
        [{ numBins: 3 }, /numBins/],
        [{ binBoundaries: [1, 0] }, /ascending/],
        [{ binBoundaries: null }, /intervals/],
        [{ binBoundaries: null, numBins: 0 }, /numBins/],
        [{ epsilon: 2 }, /epsilon/],
        [{ sparse: true }, /sparse/],
      ],
      refusedInputs: [],
    },
  ],
  [
    layers.IntegerLookup,
    {
      options: { vocabulary: [3, 1, 4], outputMode: "int" },
      inputs: [[2, 4]],
      output: [2, 4],
      dtype: "int32",
      below: 6,
      weights: 0,
      refused: [
        [{ vocabulary: ["a"] }, /vocabulary/],
        [{ vocabulary: [1, 1] }, /repeated/],
        [{ vocabulary: [] }, /empty/],
        [{ vocabulary: "words.txt" }, /lines/],
        [{ maxTokens: 1 }, /maxTokens/],
        [{ maxTokens: 2 }, /larger/],
        [{ numOovIndices: -1 }, /numOovIndices/],
        [{ outputMode: "multihot" }, /multi_hot/],
        [{ outputMode: "count", invert: true }, /invert/],
        [{ idfWeights: [1, 2, 3] }, /tf_idf/],
        [{ outputMode: "tf_idf" }, /idfWeights/],
        [{ padToMaxTokens: true }, /maxTokens/],
        [{ salt: 3 }, /farmhash/],
        [{ sparse: true }, /sparse/],
      ],
      refusedInputs: [],
    },
  ],
  [
    layers.Hashing,
    {
      options: { numBins: 11, salt: [3, 4], maskValue: 2 },
      inputs: [[2, 4]],
      output: [2, 4],
      dtype: "int32",
      below: 6,
      weights: 0,
      refused: [
        [{ numBins: 0 }, /numBins/],
        [{ salt: "pepper" }, /salt/],
        [{ salt: [1, 2, 3] }, /salt/],
        [{ outputMode: "tf_idf" }, /outputMode/],
        [{ dtype: "float32" }, /dtype/],
      ],
      refusedInputs: [],
    },
  ],
  [
    layers.CenterCrop,
    {
      options: { height: 4, width: 3 },
      inputs: [[2, 6, 6, 3]],
      output: [2, 4, 3, 3],
      weights: 0,
      refused: [
        [{ height: 0 }, /height/],
        [{ width: 1.5 }, /width/],
        [{ dataFormat: "NHWC" }, /dataFormat/],
      ],
      refusedInputs: [
        [[2, 6], /axes/],
        [[2, 6, 6, 3, 1], /axes/],
      ],
    },
  ],
];

for (const [cls, contract] of contracts) runLayerContract(cls as LayerUnderTest, contract);

type AnyCall = (...args: unknown[]) => unknown;

describe.each([
  ["StringLookup", layers.StringLookup, { vocabulary: ["a", "b"] }],
  ["TextVectorization", layers.TextVectorization, { vocabulary: ["a", "b"] }],
  ["HashedCrossing", layers.HashedCrossing, { numBins: 5 }],
] as const)("%s keeps the contract of layers of texts", (name, cls, options) => {
  const make = (extra: object = {}): layers.Layer => (cls as unknown as (options: object) => layers.Layer)({ ...options, ...extra });
  const call = (layer: layers.Layer, ...args: unknown[]): unknown => (layer as unknown as AnyCall)(...args);
  const nonsense: [string, () => unknown, RegExp][] = [
    ["an unknown option", () => make({ vocabluary: [] }), /no option/],
    ["a name with a slash", () => make({ name: "a/b" }), /name/],
    ["options that are no object", () => (cls as unknown as AnyCall)(7), /options/],
    ["an unknown dtype", () => make({ dtype: "float31" }), /dtype/],
    ["an unknown output mode", () => make({ outputMode: "onehot" }), /one_hot/],
    ["sparse outputs", () => make({ sparse: true }), /sparse/],
    ["a call without inputs", () => call(make()), /input/],
    ["a call on null", () => call(make(), null), /./],
    ["a call on a tensor of floats", () => call(make(), tensor([0.5, 2])), /./],
    ["ragged arrays of texts", () => call(make(), [["a", "b"], ["c"]]), name === "HashedCrossing" ? /vectors/ : /rectangular/],
    ["a call on a promise", () => call(make(), Promise.resolve("a")), /./],
  ];
  it.each(nonsense)("refuses %s", async (_, attempt, message) => {
    let error: unknown;
    try {
      await attempt();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(errors.NablaError);
    const { parts, message: text } = error as errors.NablaError;
    expect(text).toMatch(message);
    expect(parts.where).toContain(name);
    expect(parts.received ?? parts.expected).toBeDefined();
  });
});

describe("StringLookup and TextVectorization refuse what makes no vocabulary", () => {
  it.each([
    [{ vocabulary: "words.txt" }, /read the file/],
    [{ vocabulary: ["a", 1] }, /text/],
    [{ vocabulary: ["a", "a"] }, /repeated/],
    [{ vocabulary: [] }, /empty/],
    [{ vocabulary: ["a", "b", "c"], maxTokens: 3 }, /larger/],
    [{ vocabulary: ["a"], outputMode: "tf_idf" }, /idfWeights/],
    [{ vocabulary: ["a"], idfWeights: [1] }, /tf_idf/],
    [{ vocabulary: ["a"], outputMode: "tf_idf", idfWeights: [1, 2] }, /length/],
    [{ padToMaxTokens: true }, /maxTokens/],
    [{ encoding: "latin-1" }, /utf-8/],
  ] as const)("%j", (options, message) => {
    expect(() => layers.StringLookup(options as never)).toThrow(message);
    expect(() => layers.TextVectorization(options as never)).toThrow(message);
  });
});

describe("tensors of texts", () => {
  it("hold texts of a shape, and refuse numbers and ragged arrays", async () => {
    const texts = tensor(
      [
        ["a", "b"],
        ["c", "d"],
      ],
      { dtype: "string" },
    );
    expect(texts).toBeInstanceOf(StringTensor);
    expect([texts.shape, texts.dtype, texts.size]).toEqual([[2, 2], "string", 4]);
    expect(await texts.array()).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(await tensor(["a", "b", "c"], { shape: [3, -1], dtype: "string" }).array()).toEqual([["a"], ["b"], ["c"]]);
    expect(await tensor("x", { dtype: "string" }).item()).toBe("x");
    expect(() => tensor([["a"], ["b", "c"]], { dtype: "string" })).toThrow(errors.ShapeError);
    expect(() => tensor([1] as never, { dtype: "string" })).toThrow(errors.ValueError);
    expect(() => tensor(["a"] as never)).toThrow(/string/);
    expect(() => tensor(["a", "b"], { shape: [3], dtype: "string" })).toThrow(errors.ShapeError);
    expect(() => layers.Dense({ units: 2 })(texts as never)).toThrow(/StringLookup/);
  });
});
