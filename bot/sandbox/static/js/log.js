// The strip an engineer likes to read.
import { $, make } from "./dom.js";
import { get } from "./server.js";
import { ZONE } from "./words.js";

const EVERY = 1500;
let last = "";

function line(row) {
  const at = new Date(row.at);
  const time = Number.isNaN(at.valueOf()) ? "" : at.toLocaleTimeString("en-GB", { timeZone: ZONE });
  return make("li", {}, make("time", {}, time), make("span", { "data-kind": row.kind }, row.kind), make("span", { title: row.text }, row.text));
}

async function refresh() {
  if (document.hidden) return;
  try {
    const { rows } = await get("/log");
    const mark = JSON.stringify(rows.at(-1) ?? null) + rows.length;
    if (mark === last) return;
    last = mark;
    const list = $("log-rows");
    const following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.replaceChildren(...rows.map(line));
    if (following) list.scrollTop = list.scrollHeight;
  } catch {
    // The next look may find the sandbox again.
  }
}

export function start() {
  refresh();
  setInterval(refresh, EVERY);
}
