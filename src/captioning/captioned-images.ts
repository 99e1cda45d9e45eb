/** Folders of photos with sentences about them. */
import { csvColumns } from "../data/tables/csv.ts";
import { resizeInto } from "../data/images/resize-image.ts";
import type { UnreadableImage } from "../data/images/image-reader.ts";
import { ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import { platform } from "../platform/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** Options of `loadCaptionedImages`. */
export interface CaptionedImageOptions {
  /** Height and width that all images are resized to. */
  readonly imageSize: readonly [height: number, width: number];
  /** File of the captions within the folder: CSV with the columns `image` and `caption`. Default "captions.csv". */
  readonly captions?: string;
  /** Folder of the images within the folder. Default "images". */
  readonly images?: string;
  /** Most images that are read. Default: all. */
  readonly limit?: number;
}

/** Images with their captions. */
export interface CaptionedImages {
  /** uint8 `[n, height, width, 3]`. */
  readonly images: Tensor;
  readonly names: readonly string[];
  /** Of each image all sentences. */
  readonly captions: readonly (readonly string[])[];
  /** Images that were left out. */
  readonly unreadable: readonly UnreadableImage[];
}

/**
 * Photos and the sentences about them, as Flickr8k has them: a file with a line for each sentence, and a folder of images
 * (JPEG or PNG), in the order of the file. An image that cannot be read is left out with a warning that names it. Throws
 * ValueError for a broken file, for a line without a caption, and where no image can be read.
 *
 * @example
 * const { images, captions } = await loadCaptionedImages("flickr8k", { imageSize: [64, 64] });
 */
export async function loadCaptionedImages(folder: string, options: CaptionedImageOptions): Promise<CaptionedImages> {
  const where = "loadCaptionedImages";
  checkOptions(where, options, ["imageSize", "captions", "images", "limit"]);
  const { imageSize, captions: file = "captions.csv", images: subfolder = "images", limit = Infinity } = options;
  const path = `${folder}/${file}`;
  const columns = await csvColumns(where, path, {
    columns: ["image", "caption"],
    dtypes: { image: "string", caption: "string" },
    naValues: [],
  });
  const [files, sentences] = ["image", "caption"].map((name) => columns.get(name)!.values as readonly string[]) as [
    readonly string[],
    readonly string[],
  ];
  const byImage = new Map<string, string[]>();
  files.forEach((name, row) => {
    const sentence = sentences[row]!;
    if (name === "" || sentence === "")
      throw new ValueError({
        where,
        problem: `row ${row + 1} of ${path} has no ${name === "" ? "image" : "caption"}`,
        expected: "the name of an image, and a sentence",
        received: JSON.stringify([name, sentence]),
      });
    byImage.set(name, [...(byImage.get(name) ?? []), sentence]);
  });
  const [height, width] = imageSize;
  const size = height * width * 3;
  const wanted = [...byImage.keys()].slice(0, limit);
  const pixels = new Float32Array(size);
  const out = new Uint8Array(wanted.length * size);
  const names: string[] = [];
  const unreadable: UnreadableImage[] = [];
  const decoder = await platform.imageDecoder();
  for (const name of wanted) {
    const imagePath = `${folder}/${subfolder}/${name}`;
    try {
      const image = await decoder.decode(imagePath, 3);
      resizeInto(pixels, 0, image, { top: 0, left: 0, height: image.height, width: image.width }, imageSize, "area");
      for (let i = 0; i < size; i++) out[names.length * size + i] = Math.max(0, Math.min(255, Math.round(pixels[i]!)));
      names.push(name);
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
      unreadable.push({ path: imagePath, reason });
      platform.report(`${where}: image ${unreadable.length} that cannot be read is left out: ${imagePath} (${reason})`);
    }
  }
  if (names.length === 0)
    throw new ValueError({
      where,
      problem: "none of the images can be read",
      expected: `JPEG or PNG files in ${folder}/${subfolder}`,
      received:
        unreadable.length === 0 ? "no images" : `${unreadable.length} files; the first: ${unreadable[0]!.path} (${unreadable[0]!.reason})`,
    });
  return {
    images: dataTensor(out.slice(0, names.length * size), [names.length, height, width, 3], "uint8"),
    names,
    captions: names.map((name) => byImage.get(name)!),
    unreadable,
  };
}
