// Alice's phone: what she sees and does.
import { $, copy, make, sleep, tell } from "./dom.js";
import { drawn, inviteAddress } from "./letter.js";
import * as server from "./server.js";
import { current, onLanguage, t, ZONE } from "./words.js";

const letters = new Map();
let phone = null;
let down = () => {};
let openInvite = () => {};

export const state = () => phone;
export const all = () => [...letters.values()];
export const newest = () => all().filter((one) => !one.own).at(-1);

const open = {
  say: (text) => say(text),
  url(address) {
    const link = new URL(address, location.href);
    const start = link.hostname === "t.me" && link.searchParams.get("start");
    if (start) say(`/start ${start}`);
    else if (/\/i\/[0-9A-Za-z-]+/.test(link.pathname)) openInvite(address);
    else window.open(address, "_blank", "noopener");
  },
  picture(message) {
    // A poster's code stands on the picture alone; other pictures without an address hold none.
    const size = message.photo.at(-1);
    const poster = size.height > 1.5 * size.width;
    const last = () => all().map((one) => inviteAddress(one.message)).filter(Boolean).at(-1);
    const address = inviteAddress(message) ?? (poster ? last() : null);
    if (address) openInvite(address);
  },
  async button(id, message, button, element) {
    if (button.url) open.url(button.url);
    else if (button.copy_text) { await copy(button.copy_text.text); toast(t("sandbox.chat.copied", { text: button.copy_text.text })); }
    else if ("switch_inline_query" in button) share(button.switch_inline_query);
    else if (button.switch_inline_query_chosen_chat) share(button.switch_inline_query_chosen_chat.query ?? "");
    else if (button.callback_data) await tap(id, button.callback_data, element);
  },
};

export async function say(text) {
  closeSheets();
  tell("alice.said", { text });
  await server.alice("say", { text });
}

export async function tap(id, data, element) {
  element?.setAttribute("data-wait", "");
  tell("alice.tapped", { data });
  try {
    const query = await server.alice("tap?wait=10", { message_id: id, data });
    if (query.answer?.text) (query.answer.show_alert ? alert : toast)(query.answer.text);
    if (query.answer?.url) open.url(query.answer.url);
  } finally {
    element?.removeAttribute("data-wait");
  }
}

export async function act(name) {
  closeSheets();
  tell(`alice.${name}`);
  if (name === "block") await server.alice(phone?.user.blocked ? "unblock" : "block");
  else if (name === "foreign") await server.alice("contact", { first_name: "Carol", phone: "+8613700137003" });
  else await server.alice(name);
}

// A picture or file from this computer, as its client would send it.
async function attach(kind, input) {
  const file = input.files[0];
  input.value = "";
  if (!file) return;
  closeSheets();
  try {
    await server.aliceSends(kind, file);
    tell(`alice.${kind}`);
  } catch {
    toast(t("sandbox.chat.not_sent"));
  }
}

async function share(query) {
  const sheet = $("share-sheet");
  closeSheets();
  sheet.replaceChildren(make("h3", {}, t("sandbox.chat.share")), make("p", {}, t("sandbox.chat.share_wait")));
  sheet.hidden = false;
  const { answer } = await server.alice("inline?wait=8", { query });
  const results = answer?.results ?? [];
  const rows = results.map((result) => make("button", {
    type: "button", "data-test": "share-result",
    onclick: async () => {
      closeSheets();
      await server.alice("choose", { query, result, to: server.people.bob.id });
      toast(t("sandbox.chat.shared"));
      tell("alice.shared");
    },
  }, make("span", {}, result.title ?? result.id, make("small", {}, result.description ?? ""))));
  sheet.replaceChildren(make("h3", {}, t("sandbox.chat.share")), ...(rows.length ? rows : [make("p", {}, t("sandbox.chat.share_none"))]));
}

let toastTimer;
export function toast(words) {
  clearTimeout(toastTimer);
  $("toast").textContent = words;
  $("toast").hidden = false;
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 3500);
}

function alert(words) {
  $("alert-words").textContent = words;
  $("alert").hidden = false;
  $("alert-close").focus();
}

function closeSheets() {
  for (const [sheet, opener] of [["menu-sheet", "menu"], ["attach-sheet", "attach"], ["share-sheet", null]]) {
    $(sheet).hidden = true;
    if (opener) $(opener).setAttribute("aria-expanded", "false");
  }
}

function toggle(sheet, opener) {
  const opened = $(sheet).hidden;
  closeSheets();
  $(sheet).hidden = !opened;
  $(opener).setAttribute("aria-expanded", String(opened));
}

const dayOf = (message) => new Date(message.date * 1000).toLocaleDateString(current(), { timeZone: ZONE, month: "long", day: "numeric" });

function beginningOfNews() {
  let first = null;
  for (const one of all().reverse()) {
    if (one.own || (first && first.message.date - one.message.date > 3)) break;
    first = one;
  }
  return first?.id;
}

function showLetters() {
  const box = $("letters");
  const rows = [];
  let day = "";
  for (const { id, message, own } of all()) {
    if (dayOf(message) !== day) {
      day = dayOf(message);
      rows.push(make("div", { class: "day" }, day));
    }
    rows.push(drawn(id, message, own, open));
  }
  if (phone?.typing) rows.push(make("div", { class: "typing", "aria-label": t("sandbox.chat.typing") }, make("i"), make("i"), make("i")));
  box.replaceChildren(...(rows.length ? rows : [make("p", { class: "blank" }, phone?.bot.description || t("sandbox.chat.empty"))]));
  // Down to the end, but never past the beginning of what came last at one go.
  const first = box.querySelector(`[data-id="${beginningOfNews()}"]`);
  down = () => {
    box.scrollTop = box.scrollHeight;
    if (first) box.scrollTop = Math.min(box.scrollTop, first.offsetTop - box.offsetTop - 8);
  };
  down();
  for (const image of box.querySelectorAll("img")) image.addEventListener("load", down, { once: true });
}

function showKeyboard() {
  const rows = phone?.keyboard?.keyboard ?? [];
  $("keyboard").hidden = rows.length === 0;
  $("keyboard").replaceChildren(...rows.map((row) => make("div", {}, ...row.map((button) => make("button", {
    type: "button", "data-test": button.request_contact ? "request-contact" : "reply-button",
    "data-contact": Boolean(button.request_contact),
    onclick: () => (button.request_contact ? act("contact") : say(button.text)),
  }, button.text)))));
  $("say").placeholder = phone?.keyboard?.input_field_placeholder ?? t("sandbox.chat.say");
}

function showMenu() {
  const commands = phone?.commands ?? [];
  $("menu-sheet").replaceChildren(...commands.map((one) => make("button", {
    type: "button", "data-test": "alice-command", onclick: () => say(`/${one.command}`),
  }, make("code", {}, `/${one.command}`), one.description)));
  if (!commands.length) $("menu-sheet").append(make("p", {}, t("sandbox.chat.no_commands")));
}

function showHead() {
  $("bot-name").textContent = phone?.bot.name ?? server.bot;
  const stateOf = phone?.user.blocked ? "blocked" : phone?.typing ? "typing" : "bot";
  $("bot-state").textContent = t(`sandbox.chat.${stateOf}`);
  $("block-words").textContent = t(phone?.user.blocked ? "sandbox.chat.unblock" : "sandbox.chat.block");
}

function take(news, first) {
  if (news === null) { letters.clear(); phone = null; showAll(); return; }
  phone = news;
  const heard = [];
  for (const { id, deleted, message } of news.messages) {
    if (deleted) { letters.delete(id); continue; }
    const own = message.from.id === news.user.id;
    if (!own) heard.push({ id, message });
    letters.set(id, { id, message, own });
  }
  showAll(news.messages.length > 0 || first);
  if (first) return;
  for (const { id, message } of heard) tell("alice.heard", { id, message });
}

let typingTimer;
function showAll(changed = true) {
  if (changed || phone?.typing || document.querySelector(".typing")) showLetters();
  showKeyboard();
  showMenu();
  showHead();
  clearTimeout(typingTimer);
  if (phone?.typing) typingTimer = setTimeout(() => { phone.typing = false; showAll(true); }, 5000);
}

export function start(onInvite, onPhone) {
  openInvite = onInvite;
  $("composer").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = $("say").value.trim();
    $("say").value = "";
    if (text) await say(text);
  });
  $("menu").addEventListener("click", () => toggle("menu-sheet", "menu"));
  $("attach").addEventListener("click", () => toggle("attach-sheet", "attach"));
  $("attach-sheet").addEventListener("click", (event) => {
    const { act: name, file } = event.target.closest("[data-act], [data-file]")?.dataset ?? {};
    if (name) act(name);
    if (file) $(`file-${file}`).click();
  });
  for (const kind of ["photo", "document"]) {
    $(`file-${kind}`).addEventListener("change", (event) => attach(kind, event.target));
  }
  new ResizeObserver(() => down()).observe($("letters"));
  $("alert-close").addEventListener("click", () => { $("alert").hidden = true; });
  $("letters").addEventListener("click", (event) => {
    if (!event.target.closest("button")) closeSheets();
  });
  onLanguage(() => showAll());
  server.watch("alice", (news, first) => { take(news, first); if (news) onPhone(news, first); });
}

// For the player: waits until `ready` finds something in the chat.
export async function until(ready, seconds) {
  for (let left = seconds * 10; left > 0; left -= 1) {
    const found = ready();
    if (found) return found;
    await sleep(100);
  }
  return null;
}
