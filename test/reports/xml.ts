/**
 * A strict reader of the XML that a report may consist of: elements, attributes, text, CDATA. Whatever a real parser
 * would refuse, and whatever such a report has no use for, is refused.
 */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Of the element itself, CDATA included. */
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "&#x9;": "\t",
  "&#xA;": "\n",
  "&#xD;": "\r",
};

/** Everything outside `Char` of XML 1.0, section 2.2. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

const unescaped = (text: string): string => {
  if (/[<]/.test(text)) throw new Error(`not escaped: ${text}`);
  return text.replace(/&[^;]{0,6};?/g, (entity) => {
    const character = ENTITIES[entity];
    if (character === undefined) throw new Error(`no entity: ${entity}`);
    return character;
  });
};

const attributesOf = (text: string): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  const rest = text.replace(/\s+([a-z]+)="([^"]*)"/g, (_, name: string, value: string) => {
    if (Object.hasOwn(found, name)) throw new Error(`twice: ${name}`);
    found[name] = unescaped(value);
    return "";
  });
  if (rest.trim() !== "") throw new Error(`no attributes: ${text}`);
  return found;
};

interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const TOKEN =
  /<!\[CDATA\[(.*?)\]\]>|<\/([a-z-]+)>|<([a-z-]+)((?:\s+[a-z]+="[^"]*")*)\s*(\/?)>|([^<]+)/gsy;

/** @throws Error for anything that is not well-formed */
export const parseXml = (document: string): Element => {
  const prolog = '<?xml version="1.0" encoding="UTF-8"?>';
  if (!document.startsWith(prolog)) throw new Error("no prolog");
  if (FORBIDDEN.test(document)) throw new Error("a character that XML forbids");
  const body = document.slice(prolog.length);
  const root: Open = { name: "", attributes: {}, children: [], text: "" };
  const open: Open[] = [root];
  let end = 0;
  for (const match of body.matchAll(TOKEN)) {
    const [whole, cdata, closing, opening, attributes = "", empty, text] = match;
    end = match.index + whole.length;
    const here = open.at(-1) ?? root;
    if (cdata !== undefined) here.text += cdata;
    else if (text !== undefined) {
      if (text.includes("]]>")) throw new Error("]]> in text");
      here.text += unescaped(text);
    } else if (opening !== undefined) {
      const element = {
        name: opening,
        attributes: attributesOf(attributes),
        children: [],
        text: "",
      };
      here.children.push(element);
      if (empty === "") open.push(element);
    } else if (open.length === 1 || here.name !== closing) {
      throw new Error(`</${String(closing)}> closes <${here.name}>`);
    } else open.pop();
  }
  const [only, ...others] = root.children;
  if (end !== body.length) throw new Error(`no XML: ${body.slice(end, end + 80)}`);
  if (open.length !== 1 || only === undefined || others.length > 0 || root.text.trim() !== "") {
    throw new Error("not one element");
  }
  return only;
};
