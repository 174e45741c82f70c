// Small hands for the page's elements and for what its parts tell each other.
export const $ = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
const sprite = document.querySelector("use").getAttribute("href").split("#")[0];

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

// What happened on a device, for whoever follows the play.
const bus = new EventTarget();
export const tell = (what, detail = {}) => bus.dispatchEvent(new CustomEvent("it", { detail: { what, ...detail } }));
export const hear = (listener) => bus.addEventListener("it", (event) => listener(event.detail));

export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page without the right to the clipboard still shows what it would have copied.
  }
}
