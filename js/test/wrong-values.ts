/** What a value is, for an argument of which that is right. */
export type Kind =
  | "bytes"
  | "count"
  | "date"
  | "flag"
  | "function"
  | "list"
  | "nothing"
  | "object"
  | "signal"
  | "source"
  | "text"
  /** What is a failure already when a promise is resolved with it. */
  | "thrower";

/** A fresh one each time: some are spent by being looked at. */
type Wrong = readonly [name: string, make: () => unknown, ...rightAs: Kind[]];

const fault = () => {
  throw new Error("a fault of the caller");
};

function detached(): Uint8Array {
  const bytes = new Uint8Array(32);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** The parts that options and answers of this package have. */
const PARTS = [
  ..."url host wasm signal timeout reader page nonce pin onProgress terminal birthDate nonces".split(
    " ",
  ),
  ..."expiryYear securityCode title hash digest origin method now authorities pairwiseKey".split(
    " ",
  ),
  ..."presenceNonce pinNonce enrolment record scopes askPin code status identifier type".split(" "),
];

const withGetters = (get: () => unknown): unknown =>
  Object.defineProperties({}, Object.fromEntries(PARTS.map((name) => [name, { get }])));

function deep(levels: number): object {
  let object = {};
  for (let level = 0; level < levels; level += 1) object = { type: object };
  return object;
}

const cycle: { self?: unknown } = {};
cycle.self = cycle;

/** Values as pages and servers hand them over by mistake, and as somebody would who means no good. */
export const wrongValues: readonly Wrong[] = [
  ["undefined", () => undefined, "nothing"],
  ["null", () => null],
  ["true", () => true, "flag"],
  ["false", () => false, "flag"],
  ["0", () => 0, "count"],
  ["1", () => 1, "count"],
  ["-1", () => -1],
  ["NaN", () => Number.NaN],
  ["Infinity", () => Number.POSITIVE_INFINITY],
  ["2 ** 53", () => 2 ** 53],
  ["a bigint", () => 1n],
  ["a symbol", () => Symbol("wrong")],
  ["no text", () => "", "text", "source"],
  ["a text", () => "wrong", "text", "source"],
  ["a number as text", () => "32", "text", "source"],
  ["half a character", () => "\uD800", "text", "source"],
  ["a huge text", () => "A".repeat(1 << 24), "source"],
  ["a String object", () => new String("wrong")],
  ["a Number object", () => new Number(1)],
  ["an empty list", () => [], "list"],
  ["a list of numbers", () => [1, 2, 3]],
  ["a list of nothing", () => [undefined]],
  ["a list of lists", () => [["wrong"]]],
  ["a list with holes", () => new Array(5)],
  ["an empty object", () => ({}), "object"],
  ["an object of nobody", () => Object.create(null), "object"],
  ["an object in a circle", () => cycle, "object"],
  ["a deep object", () => deep(3_000), "object"],
  ["a bottomless object", () => deep(100_000), "object"],
  ["deep JSON", () => "[".repeat(100_000), "text", "source"],
  ["an instance", () => new (class Wrong {})(), "object"],
  ["a function", () => () => undefined, "function"],
  ["an async function", () => async () => undefined, "function"],
  ["a class", () => class Wrong {}, "function"],
  ["a Date", () => new Date(), "date"],
  ["no Date", () => new Date(Number.NaN)],
  ["a Date before 1970", () => new Date(-1)],
  ["a RegExp", () => /wrong/],
  ["an Error", () => new Error("wrong")],
  ["a Map", () => new Map([["nonce", "wrong"]])],
  ["a Set of texts", () => new Set([1])],
  ["a Promise", () => Promise.resolve("wrong")],
  ["no bytes", () => new Uint8Array(0), "bytes", "source"],
  ["three bytes", () => new Uint8Array(3), "bytes", "source"],
  ["bytes that were given away", detached, "bytes", "source"],
  ["more bytes than anything has", () => new Uint8Array(1 << 22), "source"],
  ["an ArrayBuffer", () => new ArrayBuffer(32), "source"],
  ["shared memory", () => new SharedArrayBuffer(32)],
  ["a DataView", () => new DataView(new ArrayBuffer(32)), "source"],
  ["a Uint16Array", () => new Uint16Array(32), "source"],
  ["a Uint8ClampedArray", () => new Uint8ClampedArray(32), "source"],
  ["a Float64Array", () => new Float64Array(32), "source"],
  ["what looks like bytes", () => ({ length: 32, byteLength: 32, 0: 1 }), "object"],
  [
    "what looks like text",
    () => ({ length: 4, charCodeAt: () => 65, toString: () => "wrong" }),
    "object",
  ],
  ["what looks like a Date", () => ({ getTime: () => 1_775_000_000_000 }), "object"],
  ["what looks like a signal", () => ({ aborted: false, addEventListener() {} }), "object"],
  ["what looks like a host", () => ({ scopes: [], readers: 1, watch: 2, acquire: 3 }), "object"],
  ["what is made of a prototype", () => Object.create(Uint8Array.prototype), "object"],
  // biome-ignore lint/suspicious/noThenProperty: that is what is wrong with it.
  ["a promise of its own kind", () => ({ then: (settle: () => void) => settle() }), "object"],
  ["getters that throw", () => withGetters(fault)],
  ["getters of symbols", () => withGetters(() => Symbol("wrong"))],
  ["what cannot become text", () => ({ toString: fault, valueOf: fault, toJSON: fault }), "object"],
  ["a list that throws", () => ({ [Symbol.iterator]: fault }), "object"],
  [
    "a list without an end",
    () =>
      (function* () {
        for (;;) yield "wrong";
      })(),
  ],
  ["a proxy of bytes", () => new Proxy(new Uint8Array(32), {}), "object"],
  [
    "a proxy that throws",
    () => new Proxy({}, { get: fault, has: fault, getPrototypeOf: fault, ownKeys: fault }),
    "thrower",
  ],
  ["a proxy of a signal", () => new Proxy(new AbortController().signal, {}), "signal"],
  ["a proxy that is over", () => revoked({}), "thrower"],
  ["a function that is over", () => revoked(() => undefined), "thrower"],
  ["a signal", () => new AbortController().signal, "signal"],
  ["an AbortController", () => new AbortController()],
  ["a URL", () => new URL("https://portal.example"), "source"],
  ["a module of the language", () => Intl],
];
