// The page's table of contents.
import * as bank from "./bank.js";
import * as browser from "./browser.js";
import * as chat from "./chat.js";
import { $ } from "./dom.js";
import * as log from "./log.js";
import * as player from "./player.js";
import * as server from "./server.js";
import { current, speak } from "./words.js";

const KEPT = "jianka-stage-language";

function showTab(name) {
  $("stage").dataset.tab = name;
  for (const tab of document.querySelectorAll("[data-tab]:is(button)")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.tab === name));
  }
}

function choose(tag) {
  for (const key of document.querySelectorAll("[data-language]")) {
    key.setAttribute("aria-pressed", String(key.dataset.language === tag));
  }
  speak(tag);
  localStorage.setItem(KEPT, tag);
  return server.speakAs(tag);
}

for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", () => showTab(tab.dataset.tab));
for (const key of document.querySelectorAll("[data-language]")) key.addEventListener("click", () => choose(key.dataset.language));

const asked = new URLSearchParams(location.search).has("lang");
await choose(asked ? current() : localStorage.getItem(KEPT) ?? current());

chat.start(browser.open, (phone, first) => {
  if (!first) for (const sms of phone.sms) browser.showSms("alice", sms, (code) => chat.say(code));
});
browser.start();
bank.start();
log.start();
player.start(showTab);
showTab("alice");
