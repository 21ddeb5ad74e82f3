import { run } from "../program.ts";

/** SELECT of the JPKI application. */
export const SELECT_JPKI = "00A4040C0AD392F000260100000001";

/** Sends commands to the card by a program that goes around the bridge, and returns the last response. */
export async function sendByOpenSc(...apdus: string[]): Promise<{ status: string; data: Buffer }> {
  const said = await run(["opensc-tool", ...apdus.flatMap((apdu) => ["--send-apdu", apdu])]);
  const [head = "", ...lines] = said.slice(said.lastIndexOf("Received")).split("\n");
  const [, sw1, sw2] = /SW1=0x(..), SW2=0x(..)/.exec(head) ?? [];
  const hex = lines.map((line) => /^(?:[0-9A-F]{2} )+/.exec(line)?.[0] ?? "").join("");
  return { status: `${sw1}${sw2}`, data: Buffer.from(hex.replaceAll(" ", ""), "hex") };
}
