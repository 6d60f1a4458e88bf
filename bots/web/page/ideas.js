// What to try first, while nothing was said yet.

import { byId, el, icon } from "./element.js";
import { said, say } from "./texts.js";

/** @param does what a press does: {write(words), record(), picture()} */
export function showIdeas(does) {
  const write = (code) => () => does.write(say(code));
  const ideas = [
    ["talk", "idea_ask", write("idea_ask_more")],
    ["brush", "idea_image", write("idea_image_more")],
    ["sound", "idea_say", write("idea_say_more")],
    ["mic", "idea_voice", does.record],
    ["picture", "idea_picture", does.picture],
    ["slash", "idea_commands", () => does.write("/")],
  ];
  byId("ideas").replaceChildren(...ideas.map((idea) => said(ideaNode(...idea))));
}

function ideaNode(drawing, code, onclick) {
  return el("li", {},
    el("button", { type: "button", onclick },
      icon(drawing), el("strong", { "data-say": code }), el("span", { "data-say": `${code}_more` })));
}
