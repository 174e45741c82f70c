// Plays the pages in the frames: the sandbox's own directly, the web app's by messages.
import { $, sleep } from "./dom.js";
import { web } from "./server.js";

const origin = new URL(web).origin;
const waiting = new Map();
let number = 0;

function own(frame) {
  try {
    return frame.contentDocument;
  } catch {
    return null;
  }
}

function here(document, act, selector, value) {
  const element = document.querySelector(selector);
  if (!element) return { ok: false };
  if (act === "fill") element.value = value;
  if (act === "click") element.click();
  return { ok: true, value: element.href ?? element.value ?? element.textContent };
}

function ask(name, act, selector, value) {
  const frame = $(`${name}-frame`);
  const document = own(frame);
  if (document?.body && frame.getAttribute("src")) return Promise.resolve(here(document, act, selector, value));
  number += 1;
  const id = number;
  return new Promise((done) => {
    waiting.set(id, done);
    frame.contentWindow?.postMessage({ jianka: "demo", id, do: act, selector, value }, origin);
    setTimeout(() => { waiting.delete(id); done({ ok: false }); }, 1500);
  });
}

// Asks again until the page has what is asked for, as a person waits for a page to load.
async function patiently(name, act, selector, value, seconds = 12) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask(name, act, selector, value);
    if (answer.ok) return answer;
    if (Date.now() > deadline) return { ok: false };
    await sleep(200);
  }
}

export const fill = (name, selector, value, seconds) => patiently(name, "fill", selector, value, seconds);
export const click = (name, selector, seconds) => patiently(name, "click", selector, undefined, seconds);
export const read = (name, selector, seconds) => patiently(name, "read", selector, undefined, seconds);
export const shows = async (name, selector) => (await ask(name, "read", selector)).ok;

const listeners = new Set();
export const ready = (listener) => listeners.add(listener);

const nameOf = (source) => ["bob", "tablet"].find((name) => $(`${name}-frame`).contentWindow === source);

window.addEventListener("message", (event) => {
  if (event.origin !== origin || event.data?.jianka !== "demo") return;
  if (event.data.here) {
    const name = nameOf(event.source);
    if (name) for (const listener of listeners) listener(name, event.data.here);
    return;
  }
  waiting.get(event.data.id)?.(event.data);
  waiting.delete(event.data.id);
});

for (const name of ["bob", "tablet"]) {
  $(`${name}-frame`).addEventListener("load", () => {
    const address = own($(`${name}-frame`))?.location.href;
    if (address && address !== "about:blank") for (const listener of listeners) listener(name, address);
  });
}
