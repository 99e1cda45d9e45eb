import { describe, expect, it } from "vitest";
import { KerasObject } from "./keras-object.ts";
import { Registry } from "./registry.ts";

class Thing extends KerasObject {
  static override readonly className: string = "MyThing";
  readonly sizeOfIt: number;
  constructor(options: { sizeOfIt?: number } = {}) {
    super();
    this.sizeOfIt = options.sizeOfIt ?? 1;
  }
  override call(x: number): number {
    return x * this.sizeOfIt;
  }
  protected override options(): Record<string, unknown> {
    return { sizeOfIt: this.sizeOfIt };
  }
}

describe("registries", () => {
  const registry = new Registry<Thing>("thing", "keras.things");
  registry.register(Thing, ["thing"]);

  it("find classes by name, snake_case and alias", () => {
    for (const name of ["MyThing", "my_thing", "thing"]) expect(registry.get(name)).toBeInstanceOf(Thing);
    const own = new Thing({ sizeOfIt: 3 });
    expect(registry.get(own)).toBe(own);
  });

  it("refuse what is neither a name nor JSON nor an object of a class", () => {
    for (const other of [3, true, [], {}, [new Thing()]]) expect(() => registry.get(other)).toThrow(/this is no thing/);
  });

  it("write and read Keras's JSON", () => {
    const json = registry.serialize(new Thing({ sizeOfIt: 5 }));
    expect(json).toEqual({ module: "keras.things", class_name: "MyThing", config: { size_of_it: 5 }, registered_name: null });
    expect(registry.deserialize(JSON.parse(JSON.stringify(json)) as object)(2)).toBe(10);
    expect(JSON.stringify(new Thing())).toBe('{"size_of_it":1}');
  });

  it("name the nearest where a name is unknown, and know custom objects", () => {
    expect(() => registry.get("my_thin")).toThrow(/"my_thing"/);
    class Other extends Thing {
      static override readonly className: string = "Other";
    }
    const json = registry.serialize(new Other({ sizeOfIt: 2 }));
    expect(json.registered_name).toBe("Other");
    expect(() => registry.deserialize(json)).toThrow(/customObjects/);
    expect(registry.deserialize(json, { Other })).toBeInstanceOf(Other);
    expect(() => new Registry<Thing>("thing", "keras.things").get("my_thing")).toThrow(/nothing is registered/);
  });
});
