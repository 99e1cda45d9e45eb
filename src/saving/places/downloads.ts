/** Files that go to the user's folder of downloads. */
import { notHere, type Place } from "./place.ts";

/** `downloads://name`: the browser saves the file, as if a link had been clicked. Only pages can, workers cannot. */
export const downloads: Place = {
  read: null,
  write: (name, parts) => {
    if (typeof document === "undefined")
      return Promise.reject(notHere("downloads", "page that could offer a download", "pages of browsers, not their workers"));
    const url = URL.createObjectURL(new Blob(parts as readonly BlobPart[] as BlobPart[], { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    // The browser reads the bytes after this turn of the event loop.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    return Promise.resolve();
  },
  list: null,
  remove: null,
};
