import { expect } from "vitest";
import type { Channel, Key, PinEntry, PinReference } from "../src/index.js";
import { bytes, hex, read } from "./vectors.js";

/** A card that follows a file of `vectors/transcripts`: `>` to the card, `<` from it. */
export class Transcript implements Channel {
  readonly version = "transcript 1.0";
  readonly signal: AbortSignal = new AbortController().signal;
  readonly verified: { reference: PinReference; value?: string | undefined }[] = [];
  readonly signed: { key: Key; nonce: string; pin?: PinEntry | undefined }[] = [];
  #lines: string[];

  constructor(name: string) {
    const lines = read(`transcripts/${name}.txt`).trim().split("\n");
    this.#lines = lines
      .filter((line) => !line.startsWith("#"))
      .map((line) => line.replace(/ /g, ""));
  }

  async transmit(command: Uint8Array): Promise<Uint8Array> {
    expect(`>${hex(command)}`).toBe(this.#lines.shift());
    return bytes(this.#lines.shift()?.slice(1) ?? "");
  }

  async verifyPin(reference: PinReference, value?: string): Promise<void> {
    this.verified.push({ reference, value });
  }

  async signChallenge(key: Key, nonce: string, pin?: PinEntry): Promise<Uint8Array> {
    this.signed.push({ key, nonce, pin });
    return new Uint8Array(256).fill(7);
  }

  async release(): Promise<void> {}

  /** Whether everything was said. */
  get isOver(): boolean {
    return this.#lines.length === 0;
  }
}
