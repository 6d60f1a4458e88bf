// Text with entities as Telegram counts them, in UTF-16 units, which are JavaScript's own.

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", text_link: "a", url: "a", spoiler: "span",
};

export function marked(text, entities) {
  const known = entities.filter((entity) => TAGS[entity.type])
    .sort((one, other) => one.offset - other.offset || other.length - one.length);
  return nodes(text, 0, text.length, known);
}

function nodes(text, begin, end, entities) {
  const made = [];
  let at = begin;
  while (entities.length) {
    const [entity, ...rest] = entities;
    const stop = Math.min(entity.offset + entity.length, end);
    const inner = rest.filter((other) => other.offset < stop);
    made.push(text.slice(at, entity.offset), tagged(entity, nodes(text, entity.offset, stop, inner)));
    at = stop;
    entities = rest.filter((other) => other.offset >= stop);
  }
  made.push(text.slice(at, end));
  return made;
}

function tagged(entity, children) {
  const made = document.createElement(TAGS[entity.type]);
  if (entity.url && /^(https?|tg|mailto):/.test(entity.url)) {
    Object.assign(made, { href: entity.url, rel: "noreferrer", target: "_blank" });
  }
  made.append(...children);
  return made;
}
