/** A field to draw a digit on. */

/** Strokes become an image of numbers from 0 (black) to 1. */
export class DrawingPad {
  readonly canvas: HTMLCanvasElement;
  readonly #pen: CanvasRenderingContext2D;
  readonly #changed: () => void;
  #last: readonly [number, number] | null = null;
  isEmpty = true;

  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.canvas = canvas;
    this.#pen = canvas.getContext("2d", { willReadFrequently: true })!;
    this.#changed = changed;
    this.clear();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#last = this.#place(event);
      this.#line(this.#last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.#last !== null) this.#line(this.#place(event));
    });
    for (const name of ["pointerup", "pointercancel"] as const) canvas.addEventListener(name, () => (this.#last = null));
  }

  clear(): void {
    this.#pen.fillStyle = "#000";
    this.#pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.isEmpty = true;
  }

  /** Shows an image, `side` pixels high and wide, values from 0 to 1. */
  show(image: ArrayLike<number>, side: number): void {
    const small = document.createElement("canvas");
    small.width = small.height = side;
    paintGrey(small, image, side);
    this.#pen.imageSmoothingEnabled = true;
    this.#pen.drawImage(small, 0, 0, this.canvas.width, this.canvas.height);
    this.isEmpty = false;
  }

  /**
   * The drawing as MNIST's scans were made: scaled to a box of 20 by 20 pixels, its centre of mass in the middle of 28 by 28.
   * Null where nothing is drawn.
   */
  read(): Float32Array<ArrayBuffer> | null {
    const { width, height } = this.canvas;
    const { data } = this.#pen.getImageData(0, 0, width, height);
    let [left, right, top, bottom] = [width, -1, height, -1];
    let [mass, massX, massY] = [0, 0, 0];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const ink = data[4 * (y * width + x)]!;
        if (ink < 30) continue;
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
        mass += ink;
        massX += ink * x;
        massY += ink * y;
      }
    if (right < 0) return null;
    const scale = 20 / Math.max(right - left + 1, bottom - top + 1);
    const small = document.createElement("canvas");
    small.width = small.height = 28;
    const pen = small.getContext("2d", { willReadFrequently: true })!;
    pen.imageSmoothingQuality = "high";
    pen.translate(14 - (scale * massX) / mass, 14 - (scale * massY) / mass);
    pen.scale(scale, scale);
    pen.drawImage(this.canvas, 0, 0);
    const pixels = pen.getImageData(0, 0, 28, 28).data;
    return Float32Array.from({ length: 784 }, (_, i) => pixels[4 * i]! / 255);
  }

  #place(event: PointerEvent): readonly [number, number] {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  #line(to: readonly [number, number]): void {
    const pen = this.#pen;
    pen.strokeStyle = "#fff";
    pen.lineWidth = 22;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...this.#last!);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
    this.#last = to;
    this.isEmpty = false;
    this.#changed();
  }
}

/** Paints values from 0 (black) to 1 (white) into a canvas of `side` by `side` pixels. */
export function paintGrey(canvas: HTMLCanvasElement, image: ArrayLike<number>, side: number): void {
  const pen = canvas.getContext("2d")!;
  const pixels = pen.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const grey = 255 * image[i]!;
    pixels.data.set([grey, grey, grey, 255], 4 * i);
  }
  pen.putImageData(pixels, 0, 0);
}
