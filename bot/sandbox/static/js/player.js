// Plays the story: by one button, step by step, or follows a person who plays it by hand.
import * as bank from "./bank.js";
import * as browser from "./browser.js";
import * as chat from "./chat.js";
import { $, hear, icon, sleep, tell } from "./dom.js";
import * as frames from "./frames.js";
import * as server from "./server.js";
import { PACE, STORY } from "./story.js";
import { onLanguage, t } from "./words.js";

const PATIENCE = 30;
let at = 0;
let playing = false;
let busy = false;
let trouble = false;
let speed = "normal";
let marks = { own: 0, act: 0, heard: 0 };
// Which play this is: what a replaced one still does is not for the people of the next.
let round = 0;
let casting = null;
const known = { missed: "" };
let showDevice = () => {};

class NothingCame extends Error {}

function valueOf(value) {
  if (typeof value !== "string") return value;
  const values = {
    phone: server.people.bob.phone.replace("+86", ""),
    name: t("sandbox.story.value.name"),
    missed: known.missed || bank.latest()?.phone,
    ...server.counter,
  };
  return value.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

async function must(promise) {
  const found = await promise;
  if (!found || found.ok === false) throw new NothingCame();
  return found;
}

// The button of this verb in the newest message that has one.
function button(verb) {
  for (const one of chat.all().filter((letter) => !letter.own).reverse()) {
    const found = (one.message.reply_markup?.inline_keyboard ?? []).flat()
      .find((key) => key.callback_data?.split(":")[1] === verb);
    if (found) return { id: one.id, data: found.callback_data };
  }
  return null;
}

const ACTS = {
  async say(text) { await chat.say(valueOf(text)); },
  async tap(verb, optional) {
    const found = await chat.until(() => button(verb), optional ?? PATIENCE);
    if (!found && optional) return;
    if (!found) throw new NothingCame();
    const element = document.querySelector(`[data-id="${found.id}"] [data-data="${CSS.escape(found.data)}"]`);
    await chat.tap(found.id, found.data, element);
  },
  async contact() {
    await must(chat.until(() => chat.state()?.keyboard?.keyboard?.flat().some((key) => key.request_contact), PATIENCE));
    await chat.act("contact");
  },
  async photo() { await chat.act("photo"); },
  // Settled: the bot has answered Alice. Heard: it has spoken since the last act of anybody.
  async settled() { await must(chat.until(() => marks.heard > marks.own, PATIENCE)); },
  async heard(optional) {
    const found = await chat.until(() => marks.heard > marks.act, optional ?? PATIENCE);
    if (!found && !optional) throw new NothingCame();
  },
  async scan() {
    const picture = await must(chat.until(() => [...document.querySelectorAll("[data-test=qr-picture]")].at(-1), PATIENCE));
    picture.click();
  },
  async press(selector) { (await must(chat.until(() => document.querySelector(selector), PATIENCE))).click(); },
  async notes() { await browser.showNotes(); },
  async fill(frame, selector, value) { await must(frames.fill(frame, selector, valueOf(value), PATIENCE)); },
  async click(frame, selector) { await must(frames.click(frame, selector, PATIENCE)); },
  async see(frame, selector) { await must(frames.read(frame, selector, PATIENCE)); },
  async follow(frame, selector) {
    const link = await must(frames.read(frame, selector, PATIENCE));
    browser.open(link.value);
  },
  async either(frame, ...selectors) { await must(frames.read(frame, selectors.join(","), PATIENCE)); },
  async if(frame, selector, acts) {
    if (await frames.shows(frame, selector)) for (const act of acts) await perform(act);
  },
  async bank(step) {
    await bank.refresh();
    await must(chat.until(() => bank.latest()?.steps.includes(step), PATIENCE));
    await bank.take(bank.latest().id, step);
  },
  async days(number) { await bank.advance(number); },
  // A friend who applied in a branch without the link, and spent enough.
  async missed() {
    known.missed = `137${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
    await bank.submit(`+86${known.missed}`);
    for (const step of ["approve", "activate", "purchase"]) {
      await sleep(PACE[speed] / 2);
      await bank.take(bank.latest().id, step);
    }
  },
  // The code that came to Alice by SMS, if she was asked for one.
  async sms() {
    const code = await chat.until(() => document.querySelector("[data-test=alice-sms-code]"), 6);
    code?.click();
  },
};

const WAITS = new Set(["settled", "heard", "see", "either", "if", "notes"]);

async function perform([name, ...args]) {
  if (!WAITS.has(name)) marks.act = performance.now();
  await ACTS[name](...args);
  await sleep(PACE[speed]);
}

// By hand, a person may leave steps out: the story goes on behind the first that was done.
function follow(event) {
  const said = event.text ?? event.data ?? event.address ?? "";
  const done = STORY.findIndex((step, i) => i >= at && step.until[0] === event.what && said.includes(step.until[1] ?? ""));
  // Only what says clearly which step it was may leave out those before it.
  if (done >= 0 && (done === at || STORY[done].until[1])) move(done + 1);
}

hear((event) => {
  if (event.what === "alice.heard") marks.heard = performance.now();
  if (["alice.said", "alice.tapped", "alice.contact", "alice.photo"].includes(event.what)) marks.own = performance.now();
  if (!busy) follow(event);
});

function move(to) {
  at = to;
  trouble = false;
  show();
}

async function playStep() {
  if ((await casting) === false) return false;
  if (busy || at >= STORY.length) return false;
  const mine = round;
  busy = true;
  trouble = false;
  show();
  try {
    for (const act of STORY[at].acts) {
      await perform(act);
      if (mine !== round) return false;
    }
    at += 1;
  } catch (error) {
    if (mine !== round) return false;
    if (!(error instanceof NothingCame)) console.error(error);
    trouble = true;
  }
  busy = false;
  show();
  return !trouble;
}

async function play() {
  if (at >= STORY.length) restart();
  playing = true;
  show();
  await casting;
  const mine = round;
  while (playing && mine === round && at < STORY.length && (await playStep()));
  if (mine !== round) return;
  playing = false;
  show();
}

export function restart() {
  round += 1;
  playing = false;
  busy = false;
  casting = recast(round).then(() => true, (error) => {
    console.error(error);
    trouble = true;
    show();
    return false;
  });
  return casting;
}

async function recast(mine) {
  await server.recast();
  if (mine !== round) return;
  browser.close();
  browser.clearBanners();
  marks = { own: 0, act: 0, heard: 0 };
  move(0);
}

function show() {
  const step = STORY[at];
  for (const device of document.querySelectorAll("[data-device]")) {
    device.toggleAttribute("data-live", device.dataset.device === step?.on);
  }
  if (step) showDevice(step.on);
  $("count").textContent = t("sandbox.story.count", { n: Math.min(at + 1, STORY.length), of: STORY.length });
  $("caption").toggleAttribute("data-trouble", trouble);
  const words = step ? t(`sandbox.story.${step.id}`) : t("sandbox.story.end");
  $("caption").textContent = trouble ? t("sandbox.story.trouble") : words;
  $("caption").title = $("caption").textContent;
  $("caption").dataset.step = step?.id ?? "end";
  $("bar").value = at / STORY.length;
  $("play-words").textContent = t(playing ? "sandbox.pause" : at ? (step ? "sandbox.resume" : "sandbox.replay") : "sandbox.play");
  $("play").querySelector(".icon").replaceWith(icon(playing ? "pause" : "play"));
  $("step").disabled = playing || busy || !step;
}

function showSpeed() {
  for (const key of document.querySelectorAll("[data-speed]")) key.setAttribute("aria-pressed", String(key.dataset.speed === speed));
}

export function start(onDevice) {
  showDevice = onDevice;
  $("play").addEventListener("click", () => { if (playing) { playing = false; show(); } else play(); });
  $("step").addEventListener("click", playStep);
  $("restart").addEventListener("click", restart);
  for (const key of document.querySelectorAll("[data-speed]")) {
    key.addEventListener("click", () => { speed = key.dataset.speed; showSpeed(); });
    key.disabled = false;
  }
  // Until now a press would have been lost.
  $("play").disabled = false;
  $("restart").disabled = false;
  onLanguage(show);
  showSpeed();
  show();
  tell("ready");
}
