// Words of the page in three languages, and what is written with them.
const texts = JSON.parse(document.getElementById("setting").textContent).texts;
// Days and hours are the sample campaign's.
export const ZONE = "Asia/Shanghai";
const listeners = new Set();
let language = document.documentElement.lang in texts ? document.documentElement.lang : "zh-Hans";

export const current = () => language;

export function t(key, values = {}) {
  const words = texts[language][key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const WRITTEN = {
  text: (element, words) => { element.textContent = words; },
  label: (element, words) => { element.setAttribute("aria-label", words); element.title = words; },
  hint: (element, words) => { element.placeholder = words; },
  title: (element, words) => { element.title = words; },
};

export function write(root = document) {
  for (const [name, put] of Object.entries(WRITTEN)) {
    for (const element of root.querySelectorAll(`[data-${name}]`)) {
      put(element, t(element.dataset[name]));
    }
  }
}

export function onLanguage(listener) {
  listeners.add(listener);
}

export function speak(tag) {
  language = tag;
  document.documentElement.lang = tag;
  document.title = t("sandbox.title");
  write();
  for (const listener of listeners) listener(tag);
}
