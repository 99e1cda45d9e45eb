/** In what nabla differs from Keras 3.4.1 on purpose, or as floats do: random cases that find these again are no failures. */
import type { Case } from "./cases.ts";

interface KnownDifference {
  /** Name of the case: class, function or op. */
  readonly name: RegExp;
  /** Which of its cases, and what is wrong with them. Default: all. */
  readonly when?: (entry: Case, problem: string) => boolean;
  readonly because: string;
}

const kwargs = (entry: Case): Record<string, unknown> => (entry["kwargs"] ?? {}) as Record<string, unknown>;
const policy = (entry: Case): string => JSON.stringify(kwargs(entry)["dtype"] ?? null);

const knownDifferences: readonly KnownDifference[] = [
  {
    name: /^isclose$/,
    because: "on TensorFlow an infinity is not close to itself; here it is, as in NumPy and on Keras's other backends",
  },
  {
    name: /^argpartition$/,
    when: (entry) => entry["backend"] === "tensorflow",
    because: "on TensorFlow Keras 3.4 cuts what it partitions to integers",
  },
  {
    name: /^image$/,
    when: (entry) => entry["backend"] === "torch" && JSON.stringify(entry["json"]).includes("Conv2DTranspose"),
    because: "models of channels_first come from torch, where Keras pads transposed convolutions otherwise, and says so",
  },
  {
    name: /^segment_(sum|max)$/,
    because: "on TensorFlow `sorted` drops numSegments and gives 0 for empty segments; on torch empty ones are 0 always",
  },
  {
    name: /^correlate$/,
    because: "TensorFlow gives a scalar for one number, and pads behind where NumPy pads in front; here it is NumPy's",
  },
  {
    name: /^(image\.resize|Resizing\+?)$/,
    when: (entry, problem) => /is \d+ instead of \d+ \(bound 0\)/.test(problem) && JSON.stringify(entry).includes("int"),
    because:
      "bytes resized by other filters than bilinear, or with antialiasing: where the exact value is an integer, TensorFlow's rounding decides whether cutting off gives the one below",
  },
  {
    name: /^categorical_crossentropy$/,
    when: (_, problem) => problem.startsWith("gradient"),
    because: "TensorFlow's gradient by logits is softmax - labels also where the labels do not sum to 1; here it is the derivative",
  },
  {
    name: /^(ctc_loss|CTC)$/,
    when: (_, problem) => problem.includes("Infinity instead of 7"),
    because: "labels that do not fit into the steps have probability 0, so an infinite loss; TensorFlow takes 1e-307 for 0",
  },
  {
    name: /^SpectralNormalization$/,
    when: (entry) => JSON.stringify(entry["serialized"]).includes("Embedding"),
    because: "Keras 3.4 casts the output to the dtype of the input: an embedding of integers gives zeros",
  },
  {
    name: /^(Conv3DTranspose\+?|conv_transpose)$/,
    when: (entry, problem) =>
      problem.startsWith("gradient 0") && (entry["op"] === undefined || /"shape":\[\d+(,\d+){4}\]/.test(JSON.stringify(entry["args"]))),
    because: "TensorFlow's 3D convolution with a kernel smaller than its strides is not the transpose of its transposed one on a CPU",
  },
  {
    name: /Conv[123]D/,
    when: (_, problem) => problem.includes("the kernel is larger than the input"),
    because: "a window that fits nowhere is an error; Keras gives an empty output",
  },
  {
    name: /Conv[12]D/,
    when: (entry, problem) => entry["backend"] === "torch" && /element|shape/.test(problem) && kwargs(entry)["padding"] === "same",
    because: "channels_first cases come from torch, where Keras pads by a negative amount if the kernel is smaller than the strides",
  },
  {
    name: /^where$/,
    when: (_, problem) => problem.includes("int32 instead of float32"),
    because: "JavaScript does not tell 0.0 from 0",
  },
  {
    name: /^pad$/,
    when: (entry) => entry["backend"] === "torch",
    because: "on torch Keras pads the last axis alone where one pair is given; here all axes, as in NumPy",
  },
  {
    name: /^lu_factor$/,
    when: (entry) => entry["backend"] === "torch",
    because: "pivots are a permutation, as on TensorFlow; torch gives a sequence of swaps",
  },
  {
    name: /^AUC$/,
    when: (_, problem) => problem.startsWith("config label_weights"),
    because: "Keras 3.4 writes the weights of labels as a tensor; here they are numbers",
  },
  {
    name: /^(R2Score|eigh)$/,
    because: "differences of nearly equal numbers in float32",
  },
  {
    name: /^(Minimum|Maximum|Multiply)\+$/,
    when: (entry) => /16/.test(policy(entry)) && JSON.stringify(entry["call"]).includes("mask"),
    because: "Keras loses the masks of inputs that it casts",
  },
  {
    name: /^(sequence|joined|table|image)(_training)?$/,
    when: (entry, problem) =>
      /(history|logs of .*|evaluate|OnBatch): /.test(problem) &&
      !/: (val_)?loss /.test(problem) &&
      /"mask_zero":true|"Masking"/.test(JSON.stringify(entry["json"])),
    because: "metrics without sample weights leave out what is masked, as Keras's do since 3.5; in 3.4 they do with weights alone",
  },
  {
    name: /^(sequence|joined|table|image)(_training)?$/,
    when: (entry, problem) => entry["policy"] !== "float32" && /(accuracy|auc|top) \d+ is/.test(problem),
    because: "counts of predictions in two bytes, where two classes or a class and its threshold are equal but for rounding",
  },
  {
    name: /^(sequence|image|table)(_training)?$/,
    when: (entry, problem) => /bias (after training|in final_weights)/.test(problem) && /Normalization/.test(JSON.stringify(entry["json"])),
    because: "a bias in front of a normalization has no gradient but rounding, which optimizers that divide by its size make steps of",
  },
  {
    name: /^(sequence|joined|table|image)(_training)?$/,
    when: (entry, problem) => problem.includes("instead of NaN") && JSON.stringify(entry["json"]).includes("OrthogonalRegularizer"),
    because: "the orthogonality of a single row or column is 0 here, 0 / 0 in Keras",
  },
  {
    name: /(SimpleRNN|LSTM|GRU|RNN)\+?(\/|$)/,
    when: (entry) => {
      const { config } = entry["serialized"] as { config: Record<string, unknown> };
      return ["go_backwards", "unroll", "zero_output_for_mask", "return_sequences"].every((key) => config[key] === true);
    },
    because: "unrolled backwards, Keras lays the mask over the outputs from the wrong end; where it loops it does not",
  },
  {
    name: /^(Layer|Group)Normalization\+$/,
    when: (entry, problem) => /bfloat16/.test(policy(entry)) && / is .* instead of .* \(bound/.test(problem),
    because: "few values minus their mean, in floats of eight bits: what is left is rounding",
  },
  {
    name: /^normalize$/,
    when: (entry, problem) => problem.startsWith("gradient") && (kwargs(entry)["order"] ?? 2) !== 2,
    because: "the gradient of one number divided by its size is 0, and both give rounding of large terms that cancel",
  },
  {
    name: /^regularizers$/,
    when: (_, problem) => problem.includes("dtype string"),
    because: "a penalty without a factor has no gradient in Keras",
  },
];

/** Why a case differs, where that is known. */
export function knownReason(entry: Case, problem: string): string | null {
  const name = entry.id.split("/")[1]!;
  return knownDifferences.find((known) => known.name.test(name) && (known.when?.(entry, problem) ?? true))?.because ?? null;
}
