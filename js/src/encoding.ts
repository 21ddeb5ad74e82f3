import { bytes, only, text } from "./check.js";

/** Takes text or bytes, as bytes. */
export function encoded(value: unknown): Uint8Array<ArrayBuffer> {
  return typeof value === "string" ? new TextEncoder().encode(text(value)) : bytes(value);
}

/** Takes JSON text, or what becomes one. */
export function json(value: unknown): string {
  return text(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
}

/** Takes a `Date`, as seconds since 1970. */
export function seconds(value: unknown): number {
  const seconds = Math.floor(Date.prototype.getTime.call(value) / 1000);
  return only<number>((it) => it >= 0)(seconds);
}
