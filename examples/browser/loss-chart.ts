/** The curve of the loss on a canvas: logarithmic, since losses fall by factors. */

/** Points of two curves: steps and losses. */
export interface Curves {
  readonly training: readonly (readonly [step: number, loss: number])[];
  readonly held: readonly (readonly [step: number, loss: number])[];
  /** Steps of the whole training: the width of the picture. */
  readonly steps: number;
}

const margin = { left: 46, right: 12, top: 10, bottom: 26 };

/** Draws the curves in the colours of the page. */
export function drawLosses(canvas: HTMLCanvasElement, { training, held, steps }: Curves): void {
  const scale = window.devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d")!;
  pen.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const losses = [...training, ...held].map(([, loss]) => loss).filter((loss) => loss > 0);
  const top = Math.max(3, ...losses);
  const bottom = Math.min(0.3, ...losses) * 0.8;
  const x = (step: number): number => margin.left + ((width - margin.left - margin.right) * step) / Math.max(1, steps);
  const y = (loss: number): number => {
    const share = Math.log(Math.max(bottom, loss) / bottom) / Math.log(top / bottom);
    return height - margin.bottom - share * (height - margin.top - margin.bottom);
  };
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = colour("--soft");
  pen.strokeStyle = colour("--line");
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const tick of [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3].filter((value) => value >= bottom && value <= top)) {
    pen.beginPath();
    pen.moveTo(margin.left, y(tick));
    pen.lineTo(width - margin.right, y(tick));
    pen.stroke();
    pen.fillText(String(tick), margin.left - 8, y(tick));
  }
  pen.textBaseline = "alphabetic";
  pen.fillText(`${steps} steps`, width - margin.right, height - 6);
  pen.textAlign = "left";
  pen.fillText("loss", 4, height - 6);
  pen.lineJoin = "round";
  pen.lineWidth = 2;
  pen.strokeStyle = colour("--accent");
  pen.beginPath();
  training.forEach(([step, loss], i) => (i === 0 ? pen.moveTo(x(step), y(loss)) : pen.lineTo(x(step), y(loss))));
  pen.stroke();
  pen.fillStyle = colour("--held");
  for (const [step, loss] of held) {
    pen.beginPath();
    pen.arc(x(step), y(loss), 4.5, 0, 2 * Math.PI);
    pen.fill();
  }
}
