// Bob's phone and the tablet: frames onto the web app, SMS on top.
import { $, copy, icon, make, tell } from "./dom.js";
import { fill, ready } from "./frames.js";
import * as server from "./server.js";
import { current, onLanguage, t } from "./words.js";

const BANNERS = 3;
// On a real phone the tablet's page is drawn narrower, so that it can be read.
const NARROW = 500;
const NARROW_PAGE = 620;

export function spoken(address) {
  const link = new URL(address, server.web);
  link.searchParams.set("lang", current());
  return link.href;
}

export function open(address) {
  $("bob-home").hidden = true;
  $("bob-frame").hidden = false;
  $("bob-frame").src = spoken(address);
  showAddress(address);
  tell("bob.opened", { address });
}

export function close() {
  $("bob-frame").hidden = true;
  $("bob-frame").removeAttribute("src");
  $("bob-home").hidden = false;
  showAddress("");
}

function showAddress(address) {
  $("bob-address").textContent = address ? address.replace(/^https?:\/\//, "").replace(/\?.*$/, "") : t("sandbox.bob.address");
}

export function codeIn(text) {
  return text.match(/(?<!\d)\d{4,8}(?!\d)/)?.[0] ?? null;
}

function banner(name, mark, title, text, ...keys) {
  const box = document.querySelector(`[data-banners="${name}"]`);
  const row = make("div", { class: "banner", "data-test": mark === "sms" ? `${name}-sms` : `${name}-message` },
    icon(mark), make("b", {}, title), make("span", { class: "banner__text" }, text));
  const away = make("button", { type: "button", "data-test": `${name}-dismiss`, onclick: () => row.remove() }, t("sandbox.dismiss"));
  row.append(make("div", { class: "banner__keys" }, ...keys, away));
  box.prepend(row);
  while (box.children.length > BANNERS) box.lastElementChild.remove();
  return row;
}

export function showSms(name, sms, use) {
  const code = codeIn(sms.text);
  const key = code && make("button", {
    type: "button", "data-test": `${name}-sms-code`,
    onclick: async () => { await copy(code); row.remove(); await use(code); },
  }, t("sandbox.sms.use", { code }));
  const row = banner(name, "sms", t("sandbox.sms.title"), sms.text, ...(key ? [key] : []));
  tell(`${name}.sms`, { code, text: sms.text });
}

export const clearBanners = () => document.querySelectorAll(".banner").forEach((one) => one.remove());

async function useCode(code) {
  await fill("bob", "[data-test=code]", code);
  tell("bob.coded");
}

function showPhone(phone, first) {
  if (phone === null) return;
  $("bob-number").textContent = phone.user.phone.replace(/^\+86(\d{3})(\d{4})(\d{4})$/, "$1 $2 $3");
  if (first) return;
  for (const sms of phone.sms) showSms("bob", sms, useCode);
  for (const message of phone.received) {
    const address = message.text?.match(/https?:\/\/\S+/)?.[0];
    const key = address && make("button", {
      type: "button", "data-test": "bob-message-open", onclick: () => { row.remove(); open(address); },
    }, t("sandbox.bob.open"));
    const row = banner("bob", "send", message.from.first_name, message.text ?? message.caption ?? "", ...(key ? [key] : []));
  }
}

// Frames are as wide as the pages were drawn for and shrunk to the device's glass.
function fit(box) {
  const frame = box.querySelector("iframe");
  const width = box.clientWidth < NARROW ? Math.min(box.dataset.width, NARROW_PAGE) : Number(box.dataset.width);
  const scale = Math.min(1, box.clientWidth / width);
  frame.style.width = `${box.clientWidth / scale}px`;
  frame.style.height = `${box.clientHeight / scale}px`;
  frame.style.transform = `scale(${scale})`;
}

export async function wake() {
  const { up } = await server.get("/product").catch(() => ({ up: false }));
  if (!up) {
    setTimeout(wake, 3000);
    return;
  }
  $("tablet-frame").src = spoken("/tablet/");
  $("tablet-frame").hidden = false;
  $("tablet-home").hidden = true;
}

export async function showNotes() {
  await server.readCounter();
  for (const note of document.querySelectorAll("[data-note]")) note.textContent = server.counter[note.dataset.note] ?? "";
}

export function start() {
  for (const box of document.querySelectorAll(".fit")) new ResizeObserver(() => fit(box)).observe(box);
  $("bob-reload").addEventListener("click", () => { if (!$("bob-frame").hidden) $("bob-frame").src = $("bob-frame").dataset.here ?? $("bob-frame").src; });
  ready((name, address) => {
    $(`${name}-frame`).dataset.here = address;
    if (name === "bob") showAddress(address);
    tell(`${name}.page`, { address });
    if (name === "tablet") showNotes();
  });
  for (const note of document.querySelectorAll("[data-note]")) note.addEventListener("click", () => copy(note.textContent));
  showAddress("");
  onLanguage(() => {
    showAddress($("bob-frame").hidden ? "" : $("bob-frame").dataset.here ?? "");
    for (const name of ["bob", "tablet"]) {
      const here = $(`${name}-frame`).dataset.here;
      if (!$(`${name}-frame`).hidden && here) $(`${name}-frame`).src = spoken(here);
    }
  });
  server.watch("bob", showPhone);
  wake();
}
