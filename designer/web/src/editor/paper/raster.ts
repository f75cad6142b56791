// A drawing as pixels: PNG, or a PDF of one page that holds it.

import type { Picture } from "./picture";

/** Twice as many points as on the screen, so that it can be printed. */
const SCALE = 2;
/** Larger canvases are refused by browsers. */
const PIXELS_MAX = 12_000;
const QUALITY = 0.92;
/** Points of a PDF are 1/72 inch, those of a screen 1/96. */
const POINTS = 72 / 96;

export async function pngOf(picture: Picture): Promise<Blob> {
  return blobOf(await painted(picture), "image/png");
}

/** One page as large as the drawing. */
export async function pdfOf(picture: Picture): Promise<Blob> {
  const canvas = await painted(picture);
  const image = new Uint8Array(await (await blobOf(canvas, "image/jpeg")).arrayBuffer());
  const width = Math.round(picture.width * POINTS);
  const height = Math.round(picture.height * POINTS);
  const place = `q ${width} 0 0 ${height} 0 0 cm /Im0 Do Q`;
  return pdfFrom([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Resources << /XObject << /Im0 4 0 R >> >> /Contents 5 0 R >>`,
    [
      `<< /Type /XObject /Subtype /Image /Width ${canvas.width} /Height ${canvas.height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length ${image.length} >>`,
      image,
    ],
    [`<< /Length ${place.length} >>`, new TextEncoder().encode(place)],
  ]);
}

type PdfObject = string | [head: string, stream: Uint8Array];

/** The objects in a row, and the table that says where each begins. */
export function pdfFrom(objects: readonly PdfObject[]): Blob {
  const text = new TextEncoder();
  const parts: Uint8Array[] = [];
  let length = 0;
  const write = (part: string | Uint8Array) => {
    const bytes = typeof part === "string" ? text.encode(part) : part;
    parts.push(bytes);
    length += bytes.length;
  };
  write("%PDF-1.4\n");
  const places = objects.map((object, index) => {
    const at = length;
    const [head, stream] = typeof object === "string" ? [object, null] : object;
    write(`${index + 1} 0 obj\n${head}\n`);
    if (stream !== null) {
      write("stream\n");
      write(stream);
      write("\nendstream\n");
    }
    write("endobj\n");
    return at;
  });
  const table = length;
  const rows = places.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  write(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`);
  write(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`);
  return new Blob(parts as BlobPart[], { type: "application/pdf" });
}

async function painted({ svg, width, height }: Picture): Promise<HTMLCanvasElement> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(SCALE, PIXELS_MAX / width, PIXELS_MAX / height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function blobOf(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), type, QUALITY);
  });
}
