/** Brings tiles of an operand from memory into workgroup memory, four rows to a vector, by way of registers. */
import type { Access, ContractKernel } from "../../../compiler/kernels/kernel.ts";
import type { Affine } from "../../../graph/index.ts";
import { intLiteral } from "../wgsl/literals.ts";
import type { ModuleWriter, Place } from "../wgsl/module-writer.ts";
import { placeAt, splitPoint } from "../wgsl/points.ts";
import { strideOf } from "./tiles.ts";

/**
 * What neighbouring invocations load: neighbours along k or along the rows; and whether four of them at once.
 * Rows are those of lhs, or columns of rhs.
 */
type Walk = "k" | "k4" | "row" | "row4";

/** One operand of a tiled contraction. */
export interface OperandOptions {
  readonly side: "lhs" | "rhs";
  readonly access: Access;
  readonly rowAxes: readonly number[];
  readonly kAxes: readonly number[];
  /** Rows and steps of k of a tile, and invocations that load it. */
  readonly rows: number;
  readonly depth: number;
  readonly invocations: number;
  /** i32 text of the first row of the tile. */
  readonly firstRow: string;
  /** Positions on the batch axes. */
  readonly batch: ReadonlyMap<number, string>;
  /** i32 text of the end of k; null where every tile is full. */
  readonly end: string | null;
}

/** One turn of an invocation over the vectors of a tile. */
interface Turn {
  /** Name of the number of the vector (or block of four vectors). */
  readonly number: string;
  /** First step of k in the tile, and first row divided by 4, as names. */
  readonly step: string;
  readonly row4: string;
  /** Names of the registers, and per row (or one for all): static part of the index and of each guard. */
  readonly registers: readonly string[];
  readonly rows: readonly { readonly index: string; readonly guards: readonly string[] }[];
}

/** Loads of one operand. */
export class OperandLoader {
  private readonly writer: ModuleWriter;
  private readonly options: OperandOptions;
  private readonly walk: Walk;
  private readonly guards: Access["guards"];
  private readonly turns: readonly Turn[];
  private readonly count: number;

  constructor(writer: ModuleWriter, options: OperandOptions) {
    this.writer = writer;
    this.options = options;
    const { side, rows, depth, access, invocations } = options;
    this.guards = access.guards.filter(({ index, limit }) => !writer.alwaysHolds(index, limit));
    this.walk = this.chooseWalk();
    if (this.walk === "k4" || this.walk === "row4") writer.bindVectors(access.buffer);
    this.count = this.walk === "k4" ? (rows / 4) * (depth / 4) : (rows / 4) * depth;
    writer.declare(`var<workgroup> tile_${side}: array<vec4<f32>, ${depth * strideOf(rows)}>;`);
    this.turns = Array.from({ length: Math.ceil(this.count / invocations) }, (_, turn) => this.prepare(turn));
  }

  private chooseWalk(): Walk {
    const { kernel } = this.writer;
    const { access, rowAxes, kAxes, side } = this.options;
    const inner = (axes: readonly number[]): number | undefined => axes.findLast((axis) => kernel.axes[axis]!.extent > 1);
    const isVector = (axis: number | undefined): boolean => {
      if (axis === undefined || access.index.coefficients[axis] !== 1 || kernel.axes[axis]!.extent % 4 !== 0) return false;
      const others = access.index.coefficients.every((c, other) => other === axis || c % 4 === 0 || kernel.axes[other]!.extent === 1);
      const guarded = this.guards.some(({ index }) => (index.coefficients[axis] ?? 0) !== 0);
      return others && access.index.constant % 4 === 0 && !guarded && this.canBindVectors(side);
    };
    const [k, row] = [inner(kAxes), inner(rowAxes)];
    if (isVector(row)) return "row4";
    if (isVector(k)) return "k4";
    return k !== undefined && Math.abs(access.index.coefficients[k] ?? 0) === 1 ? "k" : "row";
  }

  private canBindVectors(side: "lhs" | "rhs"): boolean {
    const { kernel, surroundings } = this.writer;
    const { buffer } = kernel.accesses[(kernel as ContractKernel)[side]]!;
    return kernel.buffers[buffer]!.use === "read" && !surroundings.shared.has(buffer) && !surroundings.moved.has(buffer);
  }

  /** Rows and place of an invocation in one turn, and its registers: they stay the same over all of k. */
  private prepare(turn: number): Turn {
    const { writer, walk } = this;
    const { rows, depth, invocations, firstRow, rowAxes, side } = this.options;
    const number = writer.let("q", turn === 0 ? "lane" : `lane + ${turn * invocations}u`);
    const across = rows / 4;
    const steps = depth / 4;
    const isByRow = walk === "row" || walk === "row4";
    const step = writer.let(
      "step",
      walk === "k4" ? `i32(${number} % ${steps}u) * 4i` : isByRow ? `i32(${number} / ${across}u)` : `i32(${number} % ${depth}u)`,
    );
    const row4 = writer.let("row", `i32(${isByRow ? `${number} % ${across}u` : `${number} / ${walk === "k4" ? steps : depth}u`})`);
    const registers = Array.from({ length: walk === "k4" ? 4 : 1 }, () => writer.fresh(side));
    for (const register of registers) writer.line(`var ${register} = vec4<f32>();`);
    const found = Array.from({ length: walk === "row4" ? 1 : 4 }, (_, r) => {
      const at = writer.let("at", `u32(${firstRow} + ${row4} * 4i${r === 0 ? "" : ` + ${r}i`})`);
      const place = placeAt(new Map([...this.options.batch, ...splitPoint(writer, at, rowAxes)]));
      return {
        index: writer.let("row", this.staticPart(this.options.access.index, place)),
        guards: this.guards.map(({ index }) => writer.let("row", this.staticPart(index, place))),
      };
    });
    return { number, step, row4, registers, rows: found };
  }

  /** Everything but the k axes. */
  private staticPart(f: Affine, place: Place): string {
    return this.writer.affine(f, place, (axis) => this.options.kAxes.includes(axis));
  }

  /** The k axes only. */
  private steppedPart(f: Affine, place: Place): string {
    return this.writer.affine({ ...f, constant: 0 }, place, (axis) => !this.options.kAxes.includes(axis));
  }

  private whereComplete(turn: number, { number }: Turn, body: () => void): void {
    const isComplete = (turn + 1) * this.options.invocations <= this.count;
    if (!isComplete) this.writer.line(`if (${number} < ${this.count}u) {`);
    body();
    if (!isComplete) this.writer.line("}");
  }

  /** Loads the tile that begins at step `k` (an i32 name) into registers. */
  load(k: string): void {
    const { writer, walk, options } = this;
    const { buffer } = options.access;
    this.turns.forEach((turn, t) => {
      this.whereComplete(t, turn, () => {
        const at = writer.let("k", `${k} + ${turn.step}`);
        const place = placeAt(splitPoint(writer, `u32(${at})`, options.kAxes));
        const stepped = writer.let("k", this.steppedPart(options.access.index, place));
        const guards = this.guards.map(({ index }) => writer.let("k", this.steppedPart(index, place)));
        const element = (r: number, isVector: boolean): string => {
          const row = turn.rows[r]!;
          const conditions = [
            ...(options.end === null ? [] : [`(${at} < ${options.end})`]),
            ...this.guards.map(({ limit }, g) => `(u32(${row.guards[g]!} + ${guards[g]!}) < ${limit}u)`),
          ];
          const index = writer.let("at", `${row.index} + ${stepped}`);
          const value = isVector ? writer.readVector(buffer, index) : writer.read(buffer, index);
          const zero = isVector ? "vec4<f32>()" : "0f";
          return conditions.length === 0 ? value : `select(${zero}, ${value}, ${conditions.join(" & ")})`;
        };
        if (walk === "row4") writer.line(`${turn.registers[0]!} = ${element(0, true)};`);
        else if (walk === "k4") turn.registers.forEach((register, r) => writer.line(`${register} = ${element(r, true)};`));
        else writer.line(`${turn.registers[0]!} = vec4<f32>(${[0, 1, 2, 3].map((r) => element(r, false)).join(", ")});`);
      });
    });
  }

  /** Puts the registers into workgroup memory. */
  store(): void {
    const { writer, walk } = this;
    const { side, rows } = this.options;
    const stride = strideOf(rows);
    this.turns.forEach((turn, t) => {
      this.whereComplete(t, turn, () => {
        const place = (step: number): string =>
          `tile_${side}[(${turn.step}${step === 0 ? "" : ` + ${step}i`}) * ${intLiteral(stride)} + ${turn.row4}]`;
        if (walk !== "k4") {
          writer.line(`${place(0)} = ${turn.registers[0]!};`);
          return;
        }
        // Four vectors along k become four along the rows.
        "xyzw".split("").forEach((component, i) => {
          writer.line(`${place(i)} = vec4<f32>(${turn.registers.map((register) => `${register}.${component}`).join(", ")});`);
        });
      });
    });
  }
}
