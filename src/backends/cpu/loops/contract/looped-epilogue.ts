/** Long epilogues: sums go through scratch memory, so that the code stands there once and not once per row. */
import { InternalError } from "../../../../errors.ts";
import { address, advance, type Block, get, i32, load, loadVector, reduceLanes } from "../block.ts";
import type { Expr } from "../ir.ts";
import type { Count, StoreSums, TilePlace } from "./tile-epilogue.ts";
import type { Accumulators } from "./tile-loops.ts";

/** Emits the epilogue of a tile as loops. `isDot`: the lanes of each sum are still to be combined, into one result. */
export function emitLooped(
  block: Block,
  sums: Accumulators,
  place: TilePlace,
  epilogue: {
    readonly isDot: boolean;
    readonly isVector: boolean;
    readonly lanes: number;
    readonly label: string;
    readonly countOf: (vector: number) => Count;
    readonly store: StoreSums;
  },
): void {
  const { isDot, lanes, store } = epilogue;
  const sumBytes = isDot ? 4 : lanes * 4;
  const rowBytes = place.vectors * sumBytes;
  sums.forEach((row, r) =>
    row.forEach((sum, v) => {
      const at = address(place.scratch, r * rowBytes + v * sumBytes);
      block.store("f32", at, isDot ? reduceLanes("add", get(sum)) : get(sum));
    }),
  );
  const overRows = (build: (inside: Block, row: number | Expr, base: Expr) => void): void => {
    if (place.rows === 1 && !isDot) build(block, 0, place.scratch);
    else
      block.for("row", i32(0), i32(place.rows), 1, (inside, row) =>
        build(inside, row, inside.let(advance(place.scratch, row, rowBytes), "sums")),
      );
  };
  if (epilogue.isVector) {
    overRows((body, row, base) => {
      for (let vector = 0; vector < place.vectors; vector++) {
        const sum = body.let(loadVector("f32", address(base, vector * lanes * 4)), "sum");
        store(body, row, vector * lanes, { vector: true, ...epilogue.countOf(vector), sum });
      }
    });
    return;
  }
  const { lastCount } = place;
  if (typeof lastCount === "object" && lastCount !== null)
    throw new InternalError("contraction", "lanes are counted at run time where results are scalars", epilogue.label);
  const columns = isDot ? place.vectors : (place.vectors - 1) * lanes + (lastCount ?? lanes);
  overRows((body, row, base) => {
    body.for("column", i32(0), i32(columns), 1, (inside, column) => {
      const sum = inside.let(load("f32", address(advance(base, column, 4))), "sum");
      store(inside, row, column, { vector: false, sum });
    });
  });
}
