import type { Frame, JSHandle, Page } from "playwright-core";

/** Puts a page of another site into a page, with leave to reach what that page may reach. */
export async function frameIn(page: Page, url: string): Promise<Frame> {
  const handle = await page.evaluateHandle(async (src) => {
    const frame = document.createElement("iframe");
    Object.assign(frame, { src, allow: "loopback-network *" });
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener("load", resolve));
    return frame;
  }, url);
  const frame = await handle.contentFrame();
  if (frame === null) throw new Error("the page has no such frame");
  return frame;
}

/** A WebSocket of a page. */
export interface Line {
  /** Says something, and returns the answer; or how the connection ended. */
  ask(request: object | string): Promise<Record<string, unknown>>;
}

/** Connects a listed page to the bridge, without the package. */
export function dial(page: Page, address: string): Promise<JSHandle<Line>> {
  return page.evaluateHandle(async (address) => {
    const socket = new WebSocket(`ws://${address}/`, "kazashi.v1");
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const ask = (request: object | string): Promise<Record<string, unknown>> =>
      new Promise((resolve) => {
        socket.onmessage = ({ data }) => resolve(JSON.parse(data));
        socket.onclose = ({ code }) => resolve({ code: `close ${code}` });
        socket.send(typeof request === "string" ? request : JSON.stringify({ id: 1, ...request }));
      });
    return { ask };
  }, address);
}

/** Where in a page its script runs. */
export type Place = keyof ReturnType<typeof places>;

/** Has a page knock at an address in some way, and returns all that it sees of it. */
export function tryFrom(
  page: Page | Frame,
  place: Place,
  way: Way,
  address: string,
): Promise<string> {
  const knocking = `(${knock})(${JSON.stringify(way)}, ${JSON.stringify(address)})`;
  return page.evaluate(`(${places})()[${JSON.stringify(place)}](${JSON.stringify(knocking)})`);
}

// What follows runs in the page, and needs nothing from outside.

/** Runs code that results in a promise of words, and brings them back. */
function places() {
  const words = (target: EventTarget, from: () => Window | null): Promise<string> =>
    new Promise((resolve) => {
      target.addEventListener("message", (event) => {
        const { data, source } = event as MessageEvent<string>;
        if (source === from()) resolve(data);
      });
    });
  const inFrame = (attributes: Record<string, string>): Promise<string> => {
    const frame = document.createElement("iframe");
    frame.allow = "loopback-network *";
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
    document.body.append(frame);
    return words(window, () => frame.contentWindow).finally(() => frame.remove());
  };
  const inWorker = (url: string): Promise<string> => {
    const worker = new Worker(url);
    return words(worker, () => null).finally(() => worker.terminate());
  };
  const html = (code: string) =>
    `<body><script>${code}.then((words) => parent.postMessage(words, "*"))</script></body>`;
  const js = (code: string) => `${code}.then((words) => postMessage(words))`;
  const asData = (type: string, text: string) => `data:${type},${encodeURIComponent(text)}`;
  return {
    // biome-ignore lint/security/noGlobalEval: it is the page's own script
    page: (code: string): Promise<string> => eval(code),
    "srcdoc frame": (code: string) => inFrame({ srcdoc: html(code) }),
    "sandboxed frame": (code: string) => inFrame({ srcdoc: html(code), sandbox: "allow-scripts" }),
    "data: frame": (code: string) => inFrame({ src: asData("text/html", html(code)) }),
    "blob: worker": (code: string) => inWorker(URL.createObjectURL(new Blob([js(code)]))),
    "data: worker": (code: string) => inWorker(asData("text/javascript", js(code))),
  };
}

export type Way =
  | "WebSocket"
  | "WebSocket of another protocol"
  | "WebSocket of no protocol"
  | "fetch"
  | "fetch of /health"
  | "fetch that is opaque"
  | "fetch of /health that is opaque"
  | "HEAD that is opaque"
  | "POST that is simple"
  | "POST that is opaque"
  | "fetch with a header of its own"
  | "PUT"
  | "XMLHttpRequest"
  | "beacon"
  | "EventSource"
  | "picture"
  | "script"
  | "style sheet"
  | "form"
  | "frame"
  | "window";

/** Knocks at an address, and returns all that a page sees of it. */
function knock(way: Way, address: string): Promise<string> {
  const url = `http://${address}/`;
  const message = '{"id":1,"type":"hello"}';
  const happens = (target: EventTarget, ...events: string[]): Promise<Event> =>
    new Promise((resolve) => {
      for (const event of events) target.addEventListener(event, resolve, { once: true });
    });
  const connect = async (protocols?: string) => {
    const socket = new WebSocket(url.replace("http", "ws"), protocols);
    const seen: string[] = [];
    socket.onopen = () => seen.push("open");
    socket.onmessage = ({ data }) => seen.push(data);
    socket.onerror = () => seen.push("error");
    const { code, reason, wasClean } = (await happens(socket, "close")) as CloseEvent;
    return [...seen, `close ${code}${reason}${wasClean ? " clean" : ""}`].join(", ");
  };
  const get = async (path = "", init: RequestInit = {}) => {
    try {
      const { type, status } = await fetch(url + path, init);
      return `${type} ${status}`;
    } catch (error) {
      return String(error);
    }
  };
  const load = async (tag: string, attributes: Record<string, string>) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    document.body.append(element);
    const { type } = await happens(element, "load", "error");
    element.remove();
    return type;
  };
  /** What a page may see of another's window. */
  const look = (other: Window | null) => {
    try {
      return String(other?.location.href);
    } catch (error) {
      return `${(error as Error).name}, ${other?.length} frames`;
    }
  };
  const ways: Record<Way, () => string | Promise<string>> = {
    WebSocket: () => connect("kazashi.v1"),
    "WebSocket of another protocol": () => connect("kazashi.v0"),
    "WebSocket of no protocol": () => connect(),
    fetch: () => get(),
    "fetch of /health": () => get("health"),
    "fetch that is opaque": () => get("", { mode: "no-cors" }),
    "fetch of /health that is opaque": () => get("health", { mode: "no-cors" }),
    "HEAD that is opaque": () => get("", { mode: "no-cors", method: "HEAD" }),
    "POST that is simple": () => get("", { method: "POST", body: message }),
    "POST that is opaque": () => get("", { mode: "no-cors", method: "POST", body: message }),
    "fetch with a header of its own": () => get("", { headers: { "X-Kazashi": "1" } }),
    PUT: () => get("", { method: "PUT", body: message }),
    XMLHttpRequest: async () => {
      const request = new XMLHttpRequest();
      request.open("GET", url);
      request.send();
      const { type } = await happens(request, "load", "error");
      return `${type} ${request.status} ${request.getAllResponseHeaders()}`.trim();
    },
    beacon: () => String(navigator.sendBeacon(url, message)),
    EventSource: async () => {
      const source = new EventSource(url);
      const { type } = await happens(source, "open", "error");
      const state = source.readyState;
      source.close();
      return `${type}, state ${state}`;
    },
    picture: () => load("img", { src: url }),
    script: () => load("script", { src: url }),
    "style sheet": () => load("link", { rel: "stylesheet", href: url }),
    form: async () => {
      const frame = document.createElement("iframe");
      frame.name = `posted-${address}`;
      frame.allow = "loopback-network *";
      document.body.append(frame);
      const form = document.createElement("form");
      Object.assign(form, { action: url, method: "POST", enctype: "text/plain" });
      form.target = frame.name;
      const field = document.createElement("input");
      Object.assign(field, { name: '{"id":1,"type":"hello","x":"', value: '"}' });
      form.append(field);
      document.body.append(form);
      form.submit();
      const { type } = await happens(frame, "load", "error");
      const seen = look(frame.contentWindow);
      form.remove();
      frame.remove();
      return `${type}, ${seen}`;
    },
    frame: async () => {
      const frame = document.createElement("iframe");
      frame.allow = "loopback-network *";
      frame.src = url;
      document.body.append(frame);
      const { type } = await happens(frame, "load", "error");
      const seen = look(frame.contentWindow);
      frame.remove();
      return `${type}, ${seen}`;
    },
    window: async () => {
      const opened = window.open(url);
      while (look(opened) === "about:blank") await new Promise((after) => setTimeout(after, 5));
      const seen = look(opened);
      opened?.close();
      return seen;
    },
  };
  return Promise.resolve(ways[way]());
}
