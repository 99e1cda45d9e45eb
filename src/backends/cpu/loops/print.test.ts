import { expect, it } from "vitest";
import {
  add,
  address,
  advance,
  Block,
  constant,
  eq,
  fma,
  get,
  i32,
  load,
  loadPtr,
  loadSplat,
  loadVector,
  reduceLanes,
  rem,
  select,
} from "./block.ts";
import type { LoopFunction, ValueType, Variable } from "./ir.ts";
import { printLoopFunction } from "./print.ts";

it("prints functions, with types at first assignments and numbers behind names that occur twice", () => {
  const parameter = (name: string, type: ValueType): Variable => ({ name, type });
  const f: LoopFunction = {
    name: "dot",
    block: parameter("block", "ptr"),
    from: parameter("from", "i32"),
    to: parameter("to", "i32"),
    scratch: parameter("scratch", "ptr"),
    body: [],
  };
  const body = new Block();
  const x = body.let(loadPtr(get(f.block), 0), "x");
  const y = body.let(loadPtr(get(f.block), 1), "x");
  const sum = body.declare("sum", constant("f32v", -0));
  body.for("i", get(f.from), get(f.to), 4, (inner, i) => {
    inner.set(sum, fma(loadVector("f32", address(advance(x, i, 4), 16), 3), loadSplat("f32", address(y)), get(sum)));
    inner.if(eq(rem(i, i32(2)), i32(0)), (then) => then.store("u8", address(y, -1), i32(1)));
  });
  body.while(load("i32", address(y)), (inner) => inner.set(sum, select(constant("i32v", -1), get(sum), add(get(sum), get(sum)))));
  body.store("f32", address(x), reduceLanes("add", get(sum)));
  expect(printLoopFunction({ ...f, body: body.body })).toBe(`function dot(block: ptr, from: i32, to: i32, scratch: ptr) {
  x: ptr = load ptr [block]
  x.1: ptr = load ptr [block + 8]
  sum: f32v = -0:f32v
  for i = from to to step 4 {
    sum = fma(load f32v [x + i*4 + 16] ..3, splat f32 [x.1], sum)
    if ((i % 2) == 0) {
      store u8 [x.1 - 1] = 1
    }
  }
  while load i32 [x.1] {
    sum = sum
  }
  store f32 [x] = reduce add(sum)
}`);
});
