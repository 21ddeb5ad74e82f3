import { KazashiError } from "kazashi";
import type { CardFace } from "kazashi/card-face";

/** The pictures of a card's face, on canvases: those have no address, and can be wiped. */
export type FacePictures = Readonly<
  Record<"photo" | "name" | "address" | "securityCode", HTMLCanvasElement>
>;

/** @throws KazashiError `card-malformed` if one of them cannot be decoded. */
export async function picturesOf(face: CardFace): Promise<FacePictures> {
  const { photo } = face;
  const [name, address, securityCode] = await Promise.all(
    [face.name, face.address, face.unsigned.securityCode].map(decode),
  );
  if (!name || !address || !securityCode) throw new KazashiError("card-malformed");
  const canvas = blank(photo);
  const { data, width, height } = photo;
  canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
  return { photo: canvas, name, address, securityCode };
}

async function decode(png: Uint8Array<ArrayBuffer>): Promise<HTMLCanvasElement> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
  } catch (cause) {
    throw new KazashiError("card-malformed", { cause });
  }
  const canvas = blank(bitmap);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

function blank({ width, height }: { width: number; height: number }): HTMLCanvasElement {
  return Object.assign(document.createElement("canvas"), { width, height });
}

/** Wipes what was shown, and the bytes from which it was drawn. */
export function erase(face: CardFace, pictures: FacePictures): void {
  for (const canvas of Object.values(pictures)) canvas.width = 0;
  const { photo, name, address, unsigned } = face;
  for (const image of [photo.data, name, address, unsigned.securityCode]) image.fill(0);
}
