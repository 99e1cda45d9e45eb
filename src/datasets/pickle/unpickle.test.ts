import { describe, expect, it } from "vitest";
import type { NumpyArray } from "./numpy-objects.ts";
import { type PickledValue, unpickle } from "./unpickle.ts";

/** Made by Python 3.11 and NumPy 2.4, protocols 0 to 5 of the same values. */
const pickles = {
  plain: [
    "KGxwMApJMQphSS0yCmFJMzAwCmFJNzAwMDAKYUwxMDk5NTExNjI3Nzc2TAphTC0xMDk5NTExNjI3Nzc2TAphRjEuNQphTmFJMDEKYUkwMAphVmjpbGxvCnAxCmFjX2NvZGVjcwplbmNvZGUKcDIKKFZcdTAwMDD/CnAzClZsYXRpbjEKcDQKdHA1ClJwNgphKEkxCnRwNwphKEkxCkkyCnRwOAphKEkxCkkyCkkzCnRwOQphKEkxCkkyCkkzCkk0CnRwMTAKYShkcDExClZhCnAxMgoobHAxMwpJMQphc1ZiCnAxNAooZHAxNQpzYS4=",
    "XXEAKEsBSv7///9NLAFKcBEBAEwxMDk5NTExNjI3Nzc2TApMLTEwOTk1MTE2Mjc3NzZMCkc/+AAAAAAAAE5JMDEKSTAwClgGAAAAaMOpbGxvcQFjX2NvZGVjcwplbmNvZGUKcQIoWAMAAAAAw79xA1gGAAAAbGF0aW4xcQR0cQVScQYoSwF0cQcoSwFLAnRxCChLAUsCSwN0cQkoSwFLAksDSwR0cQp9cQsoWAEAAABhcQxdcQ1LAWFYAQAAAGJxDn1xD3VlLg==",
    "gAJdcQAoSwFK/v///00sAUpwEQEAigYAAAAAAAGKBgAAAAAA/0c/+AAAAAAAAE6IiVgGAAAAaMOpbGxvcQFjX2NvZGVjcwplbmNvZGUKcQJYAwAAAADDv3EDWAYAAABsYXRpbjFxBIZxBVJxBksBhXEHSwFLAoZxCEsBSwJLA4dxCShLAUsCSwNLBHRxCn1xCyhYAQAAAGFxDF1xDUsBYVgBAAAAYnEOfXEPdWUu",
    "gANdcQAoSwFK/v///00sAUpwEQEAigYAAAAAAAGKBgAAAAAA/0c/+AAAAAAAAE6IiVgGAAAAaMOpbGxvcQFDAgD/cQJLAYVxA0sBSwKGcQRLAUsCSwOHcQUoSwFLAksDSwR0cQZ9cQcoWAEAAABhcQhdcQlLAWFYAQAAAGJxCn1xC3VlLg==",
    "gASVbgAAAAAAAABdlChLAUr+////TSwBSnARAQCKBgAAAAAAAYoGAAAAAAD/Rz/4AAAAAAAAToiJjAZow6lsbG+UQwIA/5RLAYWUSwFLAoaUSwFLAksDh5QoSwFLAksDSwR0lH2UKIwBYZRdlEsBYYwBYpR9lHVlLg==",
    "gAWVbgAAAAAAAABdlChLAUr+////TSwBSnARAQCKBgAAAAAAAYoGAAAAAAD/Rz/4AAAAAAAAToiJjAZow6lsbG+UQwIA/5RLAYWUSwFLAoaUSwFLAksDh5QoSwFLAksDSwR0lH2UKIwBYZRdlEsBYYwBYpR9lHVlLg==",
  ],
  objects: [
    "Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnAwCihjbnVtcHkKbmRhcnJheQpwMQooSTAKdHAyCmNfY29kZWNzCmVuY29kZQpwMwooVmIKcDQKVmxhdGluMQpwNQp0cDYKUnA3CnRwOApScDkKKEkxCihJMwp0cDEwCmNudW1weQpkdHlwZQpwMTEKKFZPOApwMTIKSTAwCkkwMQp0cDEzClJwMTQKKEkzClZ8CnAxNQpOTk5JLTEKSS0xCkk2Mwp0cDE2CmJJMDAKKGxwMTcKKGxwMTgKSTEKYUkyCmFJMwphYShscDE5CmEobHAyMApJNzAwMDAKYWF0cDIxCmIu",
    "Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnEAKGNudW1weQpuZGFycmF5CnEBKEsAdHECY19jb2RlY3MKZW5jb2RlCnEDKFgBAAAAYnEEWAYAAABsYXRpbjFxBXRxBlJxB3RxCFJxCShLAShLA3RxCmNudW1weQpkdHlwZQpxCyhYAgAAAE84cQxJMDAKSTAxCnRxDVJxDihLA1gBAAAAfHEPTk5OSv////9K/////0s/dHEQYkkwMApdcREoXXESKEsBSwJLA2VdcRNdcRRKcBEBAGFldHEVYi4=",
    "gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwOFcQpjbnVtcHkKZHR5cGUKcQtYAgAAAE84cQyJiIdxDVJxDihLA1gBAAAAfHEPTk5OSv////9K/////0s/dHEQYoldcREoXXESKEsBSwJLA2VdcRNdcRRKcBEBAGFldHEVYi4=",
    "gANjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECQwFicQOHcQRScQUoSwFLA4VxBmNudW1weQpkdHlwZQpxB1gCAAAATzhxCImIh3EJUnEKKEsDWAEAAAB8cQtOTk5K/////0r/////Sz90cQxiiV1xDShdcQ4oSwFLAksDZV1xD11xEEpwEQEAYWV0cRFiLg==",
    "gASVngAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsDhZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZQoXZQoSwFLAksDZV2UXZRKcBEBAGFldJRiLg==",
    "gAWVngAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsDhZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZQoXZQoSwFLAksDZV2UXZRKcBEBAGFldJRiLg==",
  ],
  numbers: [
    "Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnAwCihjbnVtcHkKbmRhcnJheQpwMQooSTAKdHAyCmNfY29kZWNzCmVuY29kZQpwMwooVmIKcDQKVmxhdGluMQpwNQp0cDYKUnA3CnRwOApScDkKKEkxCihJMgpJMwp0cDEwCmNudW1weQpkdHlwZQpwMTEKKFZpOApwMTIKSTAwCkkwMQp0cDEzClJwMTQKKEkzClY8CnAxNQpOTk5JLTEKSS0xCkkwCnRwMTYKYkkwMApnMwooVlx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMAFcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDACXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwA1x1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMARcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDAFXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwCnAxNwpnNQp0cDE4ClJwMTkKdHAyMApiLg==",
    "Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnEAKGNudW1weQpuZGFycmF5CnEBKEsAdHECY19jb2RlY3MKZW5jb2RlCnEDKFgBAAAAYnEEWAYAAABsYXRpbjFxBXRxBlJxB3RxCFJxCShLAShLAksDdHEKY251bXB5CmR0eXBlCnELKFgCAAAAaThxDEkwMApJMDEKdHENUnEOKEsDWAEAAAA8cQ9OTk5K/////0r/////SwB0cRBiSTAwCmgDKFgwAAAAAAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAAEAAAAAAAAAAUAAAAAAAAAcRFoBXRxElJxE3RxFGIu",
    "gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwJLA4ZxCmNudW1weQpkdHlwZQpxC1gCAAAAaThxDImIh3ENUnEOKEsDWAEAAAA8cQ9OTk5K/////0r/////SwB0cRBiiWgDWDAAAAAAAAAAAAAAAAEAAAAAAAAAAgAAAAAAAAADAAAAAAAAAAQAAAAAAAAABQAAAAAAAABxEWgFhnESUnETdHEUYi4=",
    "gANjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECQwFicQOHcQRScQUoSwFLAksDhnEGY251bXB5CmR0eXBlCnEHWAIAAABpOHEIiYiHcQlScQooSwNYAQAAADxxC05OTkr/////Sv////9LAHRxDGKJQzAAAAAAAAAAAAEAAAAAAAAAAgAAAAAAAAADAAAAAAAAAAQAAAAAAAAABQAAAAAAAABxDXRxDmIu",
    "gASVuwAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsCSwOGlGgDjAVkdHlwZZSTlIwCaTiUiYiHlFKUKEsDjAE8lE5OTkr/////Sv////9LAHSUYolDMAAAAAAAAAAAAQAAAAAAAAACAAAAAAAAAAMAAAAAAAAABAAAAAAAAAAFAAAAAAAAAJR0lGIu",
    "gAWVpgAAAAAAAACME251bXB5Ll9jb3JlLm51bWVyaWOUjAtfZnJvbWJ1ZmZlcpSTlCiWMAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAgAAAAAAAAADAAAAAAAAAAQAAAAAAAAABQAAAAAAAACUjAVudW1weZSMBWR0eXBllJOUjAJpOJSJiIeUUpQoSwOMATyUTk5OSv////9K/////0sAdJRiSwJLA4aUjAFDlHSUUpQu",
  ],
  fortran: [
    "gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwJLA4ZxCmNudW1weQpkdHlwZQpxC1gCAAAAaTJxDImIh3ENUnEOKEsDWAEAAAA+cQ9OTk5K/////0r/////SwB0cRBiiGgDWAwAAAAAAAADAAEABAACAAVxEWgFhnESUnETdHEUYi4=",
    "gASVlwAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsCSwOGlGgDjAVkdHlwZZSTlIwCaTKUiYiHlFKUKEsDjAE+lE5OTkr/////Sv////9LAHSUYohDDAAAAAMAAQAEAAIABZR0lGIu",
  ],
  hostile: [
    "Y3Bvc2l4CnN5c3RlbQpwMAooVmVjaG8gYmFkCnAxCnRwMgpScDMKLg==",
    "gAJjcG9zaXgKc3lzdGVtCnEAWAgAAABlY2hvIGJhZHEBhXECUnEDLg==",
    "gASVIwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAhlY2hvIGJhZJSFlFKULg==",
  ],
} as const;

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const read = (base64: string): PickledValue => unpickle("test", bytesOf(base64));

describe("unpickle", () => {
  it("reads numbers, texts, bytes, tuples, lists and dictionaries of every protocol", () => {
    for (const pickle of pickles.plain) {
      const values = read(pickle) as PickledValue[];
      expect(values.slice(0, 11)).toEqual([1, -2, 300, 70000, 2 ** 40, -(2 ** 40), 1.5, null, true, false, "héllo"]);
      expect([...(values[11] as Uint8Array)]).toEqual([0, 255]);
      expect(values.slice(12, 16)).toEqual([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
      expect(values[16]).toEqual(new Map<string, PickledValue>([["a", [1]], ["b", new Map()]])); // prettier-ignore
    }
  });

  it("reads NumPy's arrays, of numbers in either order and of Python objects", () => {
    for (const pickle of pickles.objects) {
      const array = read(pickle) as NumpyArray;
      expect(array.shape).toEqual([3]);
      expect(array.objects).toEqual([[1, 2, 3], [], [70000]]);
    }
    for (const pickle of pickles.numbers) {
      const array = read(pickle) as NumpyArray;
      expect([array.type, array.shape, array.isFortran, array.isLittleEndian]).toEqual(["i8", [2, 3], false, true]);
      expect(Array.from({ length: 6 }, (_, i) => array.bytes[8 * i])).toEqual([0, 1, 2, 3, 4, 5]);
    }
    for (const pickle of pickles.fortran) {
      const array = read(pickle) as NumpyArray;
      expect([array.type, array.isFortran, array.isLittleEndian]).toEqual(["i2", true, false]);
      expect([...array.bytes]).toEqual([0, 0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5]);
    }
  });

  it("runs nothing", () => {
    for (const pickle of pickles.hostile) expect(() => read(pickle)).toThrow(/asks for Python code[^]*(posix|nt)\.system/);
  });

  it("says so where a pickle is cut off or broken, and never hangs", () => {
    for (const pickle of [pickles.plain[0], pickles.plain[4], pickles.objects[2], pickles.numbers[5]]) {
      const whole = bytesOf(pickle);
      for (let length = 0; length < whole.length; length++) expect(() => unpickle("test", whole.subarray(0, length))).toThrow(/E_FORMAT/);
      for (let i = 0; i < 400; i++) {
        const broken = whole.slice();
        broken[(i * 7919) % whole.length] = (i * 104729) & 255;
        try {
          unpickle("test", broken);
        } catch (error) {
          expect(String(error)).toMatch(/E_FORMAT/);
        }
      }
    }
  });
});
