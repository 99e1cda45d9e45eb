import { describe, expect, it } from "vitest";
import { fillTemplate } from "./path-template.ts";

describe("templates of file names", () => {
  const fill = (template: string): string =>
    fillTemplate("ModelCheckpoint", template, { epoch: 7, loss: 0.123456, val_loss: -2.5, rate: 1e-7 });

  it("take values in Python's formats for numbers", () => {
    expect(fill("a-{epoch}.keras")).toBe("a-7.keras");
    expect(fill("{epoch:02d}-{loss:.2f}-{val_loss:06.1f}")).toBe("07-0.12-" + "-002.5");
    expect(fill("{rate:.1e} {loss:.3} {epoch:4d}")).toBe("1.0e-07 0.123    7");
    expect(fill("plain")).toBe("plain");
  });

  it("refuse values that are not logged and formats that do not fit", () => {
    expect(() => fill("{val_lss:.2f}")).toThrow(/val_loss/);
    expect(() => fill("{loss:d}")).toThrow(/format/);
    expect(() => fill("{loss:x}")).toThrow(/format/);
  });
});
