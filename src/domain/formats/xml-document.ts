export interface XmlElement {
  readonly name: string;
  readonly line: number;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** Why a text is not XML that is read here, and the line (from 1). */
export class XmlFault extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Parses a document strictly, without what makes XML dangerous: a DOCTYPE is refused, and no entities are known but the
 * five of the standard and characters by number. Prefixes of namespaces and attributes are dropped. Throws `XmlFault`.
 */
export function readXml(text: string): XmlElement {
  return new Reader(text).document();
}

interface Open {
  readonly name: string;
  /** As written, with its prefix: the end tag repeats it. */
  readonly tag: string;
  readonly line: number;
  text: string;
  readonly children: XmlElement[];
}

const DEEPEST = 200;

class Reader {
  readonly #text: string;
  #position = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  document(): XmlElement {
    const open: Open[] = [];
    let root: XmlElement | undefined;
    while (this.#position < this.#text.length) {
      const inside = open.at(-1);
      const written = this.#take(TEXT);
      if (written !== '') {
        if (inside !== undefined) inside.text += this.#unescape(written);
        else if (written.trim() !== '') this.#fail('text stands outside of the document element');
      } else if (this.#section('<!--', '-->') === undefined && this.#section('<?', '?>') === undefined) {
        const closed = this.#tag(open, root);
        root ??= closed;
      }
    }
    const unclosed = open.at(-1);
    if (unclosed !== undefined) throw new XmlFault(`<${shortened(unclosed.tag)}> is not closed`, unclosed.line);
    return root ?? this.#fail('there is no element');
  }

  /** Reads one tag or CDATA section; the element that it closed if that was the outermost. */
  #tag(open: Open[], root: XmlElement | undefined): XmlElement | undefined {
    const inside = open.at(-1);
    const raw = this.#section('<![CDATA[', ']]>');
    if (raw !== undefined) {
      if (inside === undefined) this.#fail('text stands outside of the document element');
      inside.text += raw;
      return undefined;
    }
    if (this.#text.startsWith('<!', this.#position)) this.#fail('a DOCTYPE or declaration is not read here');
    const line = this.#line;
    const end = END.exec(this.#take(END_TAG))?.[1];
    if (end !== undefined) {
      if (inside?.tag !== end) this.#fail(`</${shortened(end)}> closes what is not open`);
      open.pop();
      return attach(open, inside);
    }
    const [, tag, empty] = START.exec(this.#take(START_TAG)) ?? [];
    if (tag === undefined) this.#fail('a tag is expected');
    if (inside === undefined && root !== undefined) this.#fail('a second element stands behind the first');
    if (open.length >= DEEPEST) this.#fail('nesting is too deep');
    const element: Open = { name: tag.slice(tag.indexOf(':') + 1), tag, line, text: '', children: [] };
    if (empty === '/') return attach(open, element);
    open.push(element);
    return undefined;
  }

  #unescape(text: string): string {
    return text.replace(/&([^;&\s]{0,12});?/g, (whole, name: string) => {
      const code = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name);
      const number =
        code === null ? undefined : Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16);
      const character =
        number === undefined ? ENTITIES[name] : number <= 0x10ffff ? String.fromCodePoint(number) : undefined;
      if (character === undefined || !whole.endsWith(';')) this.#fail('an entity that is not one of the five of XML');
      return character;
    });
  }

  /** What stands between two marks, if the first one is here. */
  #section(start: string, end: string): string | undefined {
    if (!this.#text.startsWith(start, this.#position)) return undefined;
    const at = this.#text.indexOf(end, this.#position + start.length);
    if (at === -1) this.#fail(`${start} has no ${end}`);
    const inner = this.#text.slice(this.#position + start.length, at);
    this.#advance(this.#text.slice(this.#position, at + end.length));
    return inner;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const token = pattern.exec(this.#text)?.[0] ?? '';
    this.#advance(token);
    return token;
  }

  #advance(token: string): void {
    this.#position += token.length;
    for (let at = token.indexOf('\n'); at !== -1; at = token.indexOf('\n', at + 1)) this.#line += 1;
  }

  #fail(reason: string): never {
    throw new XmlFault(reason, this.#line);
  }
}

function attach(open: readonly Open[], { name, line, text, children }: Open): XmlElement | undefined {
  const element = { name, line, text, children };
  const above = open.at(-1);
  if (above === undefined) return element;
  above.children.push(element);
  return undefined;
}

const ENTITIES: Readonly<Record<string, string>> = Object.assign(Object.create(null) as Record<string, string>, {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
});

const NAME = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?';
const TEXT = /[^<]+/y;
const END_TAG = new RegExp(`</${NAME}\\s*>`, 'y');
const END = new RegExp(`^</(${NAME})`);
const START_TAG = new RegExp(`<${NAME}(?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*\\s*/?>`, 'y');
const START = new RegExp(`^<(${NAME})[\\s\\S]*?(/?)>$`);

/** A name in a message. */
function shortened(tag: string): string {
  return tag.length > 80 ? `${tag.slice(0, 80)}...` : tag;
}
