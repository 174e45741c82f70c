// The bank's console: applications and what may happen to them next; the simulated day.
import { $, make, tell } from "./dom.js";
import * as server from "./server.js";
import { current, onLanguage, t, ZONE } from "./words.js";

let shown = { applications: [], events: [] };
let now = null;

const money = (fen) => new Intl.NumberFormat(current(), { style: "currency", currency: "CNY", currencyDisplay: "narrowSymbol", maximumFractionDigits: 0 }).format(fen / 100);

const whom = (one) => (one.phone ? one.phone.replace(/^(?:\+?86)?(\d{3})\d{4}(\d{4})$/, "$1 **** $2") : t("sandbox.bank.by_link"));

function row(one) {
  const last = shown.events.find((event) => event.application === one.id);
  const pills = [make("span", { class: "pill", "data-stage": one.stage }, t(`sandbox.bank.stage.${one.stage}`))];
  if (one.flagged) pills.push(make("span", { class: "pill", "data-stage": "trouble" }, t("sandbox.bank.flagged")));
  if (one.spent) pills.push(make("small", {}, t("sandbox.bank.spent", { amount: money(one.spent) })));
  if (last && last.status !== 202) {
    pills.push(make("button", {
      type: "button", class: "pill", "data-stage": "trouble", "data-test": "bank-resend", title: last.answer,
      onclick: async () => { await server.post(`/bank/events/${last.id}/resend`); await refresh(); },
    }, t("sandbox.bank.resend", { status: last.status ?? t("sandbox.bank.silent") })));
  }
  const steps = one.steps.map((step) => make("button", {
    type: "button", class: "key", "data-test": `bank-${step}`, onclick: () => take(one.id, step),
  }, t(`sandbox.bank.step.${step}`)));
  return make("div", { class: "row", "data-test": "bank-application", "data-id": one.id },
    make("div", { class: "row__what" },
      make("div", { class: "row__line" }, make("b", {}, one.id.split("-").slice(0, 2).join("-")), ...pills),
      make("small", {}, one.customer_ref ? `${whom(one)} · ${one.customer_ref}` : whom(one))),
    make("div", { class: "row__steps" }, ...steps));
}

function show() {
  const rows = shown.applications.map(row);
  $("applications").replaceChildren(...(rows.length ? rows : [make("p", { class: "bank__empty" }, t("sandbox.bank.empty"))]));
  if (!now) return;
  $("today").textContent = new Intl.DateTimeFormat(current(), { timeZone: ZONE, month: "long", day: "numeric", weekday: "short" }).format(now());
  const time = now().toLocaleTimeString("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" });
  for (const clock of document.querySelectorAll(".clock")) clock.textContent = time;
}

export const latest = () => shown.applications[0];

export async function refresh() {
  const told = await server.get("/bank");
  if (JSON.stringify(told) === JSON.stringify(shown)) return; // a button stays under its click
  shown = told;
  show();
}

export async function submit(phone) {
  await server.post("/bank/applications", { phone });
  await refresh();
  tell("bank.submitted");
}

export async function take(id, step) {
  const done = await server.post(`/bank/applications/${id}/${step}`);
  await refresh();
  tell(`bank.${step}`, { event: done.event });
}

async function readClock() {
  const told = Date.parse((await server.get("/clock")).now);
  const ahead = told - Date.now();
  now = () => new Date(Date.now() + ahead);
  show();
}

export async function advance(days) {
  await server.post("/clock/next-day", { days });
  await readClock();
  tell("clock.moved", { days });
}

export function start() {
  setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, 1500); // Bob may apply elsewhere
  $("bank-new").addEventListener("submit", async (event) => {
    event.preventDefault();
    const phone = $("bank-phone").value.trim() || server.people.bob.phone;
    $("bank-phone").value = "";
    await submit(phone);
  });
  for (const key of document.querySelectorAll("[data-days]")) {
    key.addEventListener("click", () => advance(Number(key.dataset.days)));
  }
  onLanguage(show);
  refresh();
  readClock();
  setInterval(() => { if (!document.hidden) show(); }, 20_000);
  // The bank's form in Bob's frame is another way in; its thank-you page says that one arrived.
  $("bob-frame").addEventListener("load", refresh);
}
