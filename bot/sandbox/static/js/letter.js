// One message of the chat as elements.
import { icon, make } from "./dom.js";
import { t, ZONE } from "./words.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

// Entities count in UTF-16 units, as JavaScript's strings do.
export function formatted(text, entities, open) {
  const root = document.createDocumentFragment();
  build(root, text, 0, text.length, [...(entities ?? [])], open);
  return root;
}

function build(parent, text, start, end, entities, open) {
  let at = start;
  while (entities.length) {
    const entity = entities.shift();
    if (entity.offset < at) continue;
    if (entity.offset >= end) break;
    const stop = Math.min(entity.offset + entity.length, end);
    parent.append(text.slice(at, entity.offset));
    const inner = entities.filter((one) => one.offset >= entity.offset && one.offset + one.length <= stop);
    entities = entities.filter((one) => !inner.includes(one));
    const element = wrapped(entity, text.slice(entity.offset, stop), open);
    build(element, text, entity.offset, stop, inner, open);
    parent.append(element);
    at = stop;
  }
  parent.append(text.slice(at, end));
}

function wrapped(entity, words, open) {
  if (entity.type === "spoiler") return make("span", { class: "spoiler" });
  const act = {
    url: () => open.url(words),
    text_link: () => open.url(entity.url),
    bot_command: () => open.say(words),
  }[entity.type];
  if (!act) return make(TAGS[entity.type] ?? "span");
  return make("a", { href: "#", onclick: (event) => { event.preventDefault(); act(); } });
}

// The invitation's address, wherever in a message it stands.
export function inviteAddress(message) {
  const buttons = (message.reply_markup?.inline_keyboard ?? []).flat();
  const places = [
    ...buttons.map((button) => button.url ?? button.copy_text?.text ?? ""),
    ...[...(message.entities ?? []), ...(message.caption_entities ?? [])].map((one) => one.url ?? ""),
    message.text ?? "",
    message.caption ?? "",
  ];
  for (const place of places) {
    const found = place.match(/https?:\/\/[^\s"<>]+\/i\/[0-9A-Za-z-]+/);
    if (found) return found[0];
  }
  return null;
}

export function drawn(id, message, own, open) {
  const time = new Date(message.date * 1000).toLocaleTimeString("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" });
  const bubble = make("div", { class: "bubble" });
  const whole = make("article", { class: own ? "letter letter--own" : "letter", "data-id": id, "data-test": "alice-message" }, bubble);
  if (message.photo) {
    whole.classList.add("letter--photo");
    bubble.classList.add("bubble--photo");
    bubble.append(own ? sentPicture(message) : picture(message, open));
  }
  if (message.document) bubble.append(file(message.document));
  if (message.sticker) bubble.append(make("div", { class: "sticker" }, message.sticker.emoji));
  if (message.contact) bubble.append(contact(message.contact));
  const text = message.text ?? message.caption;
  if (text) {
    bubble.append(make("div", { class: "words" }, formatted(text, message.entities ?? message.caption_entities, open)));
  }
  bubble.append(make("time", {}, message.edit_date ? `${t("sandbox.chat.edited")} ${time}` : time));
  if (message.reply_markup?.inline_keyboard) {
    whole.classList.add("letter--keys");
    whole.append(keys(id, message, open));
  }
  return whole;
}

function imageOf(message, alt) {
  const size = message.photo.at(-1);
  return make("img", {
    src: `/sandbox/api/files/${encodeURIComponent(size.file_id)}`, width: size.width, height: size.height,
    alt, "data-test": "alice-picture",
  });
}

function sentPicture(message) {
  return make("div", { class: "picture picture--own" }, imageOf(message, t("sandbox.chat.own_picture")));
}

function picture(message, open) {
  const image = imageOf(message, t("sandbox.chat.picture"));
  return make("button", {
    type: "button", class: "picture", "data-test": "qr-picture", title: t("sandbox.chat.scan"),
    onclick: () => open.picture(message),
  }, image);
}

// As a chat client shows a file: its name, how large it is, and a tap opens it.
function file(kept) {
  const size = kept.file_size < 1e6 ? `${Math.ceil(kept.file_size / 1000)} KB` : `${(kept.file_size / 1e6).toFixed(1)} MB`;
  return make("a", {
    class: "file", href: `/sandbox/api/files/${encodeURIComponent(kept.file_id)}`, target: "_blank", rel: "noopener",
    "data-test": "alice-file",
  }, make("span", { class: "file__mark" }, kept.file_name.split(".").at(-1).toUpperCase()),
  make("span", {}, make("b", {}, kept.file_name), make("small", {}, size)));
}

function contact(person) {
  return make("div", { class: "contact" },
    make("span", { class: "avatar" }, person.first_name.slice(0, 1)),
    make("div", {}, make("b", {}, person.first_name), make("small", {}, `+${person.phone_number}`)));
}

function kindOf(button) {
  if (button.url) return ["url", "out"];
  if (button.copy_text) return ["copy", "copy"];
  if ("switch_inline_query" in button || button.switch_inline_query_chosen_chat) return ["share", "share"];
  return ["data", null];
}

function keys(id, message, open) {
  const rows = message.reply_markup.inline_keyboard.map((row) => make("div", {}, ...row.map((button) => {
    const [kind, mark] = kindOf(button);
    const element = make("button", {
      type: "button", "data-test": "inline-button", "data-kind": kind, "data-data": button.callback_data,
      "data-style": button.style, onclick: () => open.button(id, message, button, element),
    }, button.text, mark ? icon(mark) : null);
    return element;
  })));
  return make("div", { class: "keys" }, ...rows);
}
