/** The filters of the first layer, and what they find in an image. */

interface Tile {
  readonly filter: HTMLCanvasElement;
  readonly response: HTMLCanvasElement;
}

/** Six pictures of filters with their responses below. */
export class FilterView {
  readonly #tiles: readonly Tile[];
  readonly #side: number;

  /** `side`: height and width of a filter. */
  constructor(parent: HTMLElement, count: number, side: number) {
    this.#side = side;
    this.#tiles = Array.from({ length: count }, (_, i): Tile => {
      const figure = document.createElement("figure");
      const made = (label: string, size: number): HTMLCanvasElement => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = size;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", label);
        figure.append(canvas);
        return canvas;
      };
      const tile = { filter: made(`Filter ${i + 1}`, side), response: made(`Response of filter ${i + 1}`, 28) };
      parent.append(figure);
      return tile;
    });
  }

  /** `kernel [side, side, 1, filters]`, `bias [filters]`. */
  showFilters(kernel: ArrayLike<number>): void {
    const count = this.#tiles.length;
    const most = Math.max(1e-6, ...Array.from(kernel, Math.abs));
    this.#tiles.forEach(({ filter }, i) => {
      const values = Array.from({ length: this.#side ** 2 }, (_, place) => kernel[place * count + i]! / most);
      paintSigned(filter, values);
    });
  }

  /** `maps [28, 28, filters]`: what the first layer gives for one image. */
  showResponses(maps: ArrayLike<number>): void {
    const count = this.#tiles.length;
    const most = Math.max(1e-6, ...Array.from(maps, Math.abs));
    this.#tiles.forEach(({ response }, i) =>
      paintSigned(
        response,
        Array.from({ length: 784 }, (_, place) => maps[place * count + i]! / most),
      ),
    );
  }
}

/** Paints values from -1 to 1: paper where 0, the page's two colours towards the ends. */
function paintSigned(canvas: HTMLCanvasElement, values: readonly number[]): void {
  const style = getComputedStyle(document.documentElement);
  const [positive, negative, paper] = ["--positive", "--negative", "--paper"].map((name) => rgb(style.getPropertyValue(name).trim()));
  const pen = canvas.getContext("2d")!;
  const pixels = pen.createImageData(canvas.width, canvas.height);
  values.forEach((value, i) => {
    const end = value > 0 ? positive! : negative!;
    const share = Math.min(1, Math.abs(value));
    pixels.data.set([...end.map((part, channel) => paper![channel]! + share * (part - paper![channel]!)), 255], 4 * i);
  });
  pen.putImageData(pixels, 0, 0);
}

function rgb(hex: string): readonly number[] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
