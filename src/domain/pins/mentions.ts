import { isTable } from '../formats/document-value';
import { JsonFault, readJson } from '../formats/json-document';
import { readScalars, type Scalar, type ScalarPath } from '../formats/yaml-scalars';
import type { Mentions } from '../runtime/advice';
import type { Document, Runtime } from '../runtime/runtime';

/** A version that a file of another program names: nothing that polyenv obeys. */
export interface Mention {
  readonly tool: string;
  /** From 1. */
  readonly line: number;
  /** As written: `node:18-alpine`. */
  readonly says: string;
  /** In the runtime's request grammar; where there are several (a matrix), each of them is used. */
  readonly requests: readonly string[];
}

/** What a reader must know of a runtime. */
export type Mentioned = Pick<Runtime, 'id' | 'advice'>;

/** Whether a file is one whose mentions are read, by its path with `/` relative to the project. */
export function namesVersions(path: string): boolean {
  return readerOf(path) !== undefined;
}

/** What the file says of the runtimes' versions, by the tables in their `mentions`. Never throws for what the file holds. */
export function readMentions(
  path: string,
  document: Pick<Document, 'lines' | 'text'>,
  runtimes: readonly Mentioned[],
): readonly Mention[] {
  return readerOf(path)?.(document, { runtimes, path }) ?? [];
}

interface Around {
  readonly runtimes: readonly Mentioned[];
  readonly path: string;
}

type Reader = (document: Pick<Document, 'lines' | 'text'>, around: Around) => readonly Mention[];

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[^/]+)?$|\.(?:Dockerfile|dockerfile)$/, readDockerfile],
  [/(?:^|\/)(?:\.devcontainer\/(?:[^/]+\/)?devcontainer|\.devcontainer)\.json$/, readDevcontainer],
  [/(?:^|\/)Jenkinsfile(?:\.[^/]+)?$/, readJenkinsfile],
  [/(?:^|\/)\.(?:github|gitea|forgejo)\/(?:workflows\/[^/]+|actions\/(?:[^/]+\/)+action)\.ya?ml$/, readYaml],
  [/(?:^|\/)action\.ya?ml$/, readYaml],
  [/(?:^|\/)(?:[^/]*\.gitlab-ci|\.gitlab\/[^/]+|\.gitlab\/ci\/[^/]+)\.ya?ml$/, readYaml],
  [/(?:^|\/)\.circleci\/[^/]+\.ya?ml$/, readYaml],
  [/(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/, readYaml],
  [/(?:^|\/)(?:bitbucket-pipelines|azure-pipelines[^/]*|cloudbuild[^/]*|\.azure-pipelines\/[^/]+)\.ya?ml$/, readYaml],
  [/(?:^|\/)\.(?:drone|cirrus|travis|readthedocs|woodpecker|woodpecker\/[^/]+)\.ya?ml$/, readYaml],
];

function readerOf(path: string): Reader | undefined {
  return READERS.find(([pattern]) => pattern.test(path))?.[1];
}

/** Longer than any name of an image. */
const LONGEST = 512;

/** `FROM` and `COPY --from=`, with the defaults of `ARG`: https://docs.docker.com/reference/dockerfile/#from */
function readDockerfile({ lines }: Pick<Document, 'lines'>, { runtimes }: Around): readonly Mention[] {
  const values = new Map<string, string>();
  const stages = new Set<string>();
  const found: Mention[] = [];
  for (const { text, line } of instructions(lines)) {
    const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(text) ?? [];
    const kind = word.toUpperCase();
    // Behind the first FROM an ARG belongs to its stage alone.
    if (kind === 'ARG' && stages.size === 0 && found.length === 0) readArguments(rest, values);
    if (kind !== 'FROM' && kind !== 'COPY') continue;
    const words = rest.split(/\s+/);
    const named = kind === 'FROM' ? words.find((one) => !one.startsWith('--')) : copiedFrom(words);
    if (named === undefined) continue;
    const image = expand(named, (name) => values.get(name));
    if (!stages.has(image.toLowerCase())) found.push(...imageMentions(runtimes, image, line));
    const stage = kind === 'FROM' ? /\sAS\s+(\S+)\s*$/i.exec(` ${rest}`)?.[1] : undefined;
    if (kind === 'FROM') stages.add((stage ?? `#${stages.size}`).toLowerCase());
  }
  return found;
}

/** Whole instructions: a line that ends in a backslash goes on, comments do not end it. */
function instructions(lines: readonly string[]): readonly { readonly text: string; readonly line: number }[] {
  const found: { readonly text: string; readonly line: number }[] = [];
  let open: { text: string; readonly line: number } | undefined;
  for (const [index, written] of lines.entries()) {
    const text = written.trim();
    if (text.startsWith('#') || (open !== undefined && text === '')) continue;
    const body = text.endsWith('\\') ? text.slice(0, -1) : text;
    if (open === undefined) open = { text: body, line: index + 1 };
    else if (open.text.length < LONGEST * 4) open.text += ` ${body}`;
    if (text.endsWith('\\')) continue;
    found.push({ ...open, text: open.text.trim() });
    open = undefined;
  }
  return open === undefined ? found : [...found, open];
}

function readArguments(text: string, values: Map<string, string>): void {
  for (const [, name = '', value = ''] of text.matchAll(/(?:^|\s)([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S*)/g)) {
    values.set(
      name,
      expand(value.replace(/^(["'])(.*)\1$/, '$2'), (other) => values.get(other)),
    );
  }
}

function copiedFrom(words: readonly string[]): string | undefined {
  return words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
}

/** `$NAME`, `${NAME}` and `${NAME:-default}` replaced; what has no value stays as written, and then names no image. */
function expand(text: string, lookUp: (name: string) => string | undefined): string {
  return text
    .slice(0, LONGEST)
    .replace(/\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^{}]*))?\})/g, (whole, bare, braced, otherwise) => {
      const value = lookUp((bare ?? braced) as string);
      return value === undefined || value === '' ? ((otherwise as string | undefined) ?? whole) : value;
    });
}

/** `image` by the runtimes' tables: a registry's host and a digest do not count, and below a host the last name alone does. */
function imageMentions(runtimes: readonly Mentioned[], image: string, line: number): readonly Mention[] {
  if (image.length > LONGEST || /[\s$]/.test(image)) return [];
  const [bare = ''] = image.split('@');
  const [first = '', ...rest] = bare.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = (hasHost ? rest.join('/') : bare).replace(/^library\//, '');
  const names = hasHost ? [path, path.slice(path.lastIndexOf('/') + 1)] : [path];
  return runtimes.flatMap(({ id, advice }): readonly Mention[] => {
    for (const name of names) {
      for (const pattern of advice?.mentions?.images ?? []) {
        const request = requestIn(advice?.mentions, pattern.exec(name)?.[1]);
        if (request !== undefined) return [{ tool: id, line, says: image, requests: [request] }];
      }
    }
    return [];
  });
}

/** A word that the runtime gives a meaning, or a text that begins a version; other words (`lts`, `alpine`) name none. */
function requestIn(mentions: Mentions | undefined, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { words = {} } = mentions ?? {};
  if (Object.hasOwn(words, text.toLowerCase())) return words[text.toLowerCase()];
  return /\d/.test(text) && text.length <= LONGEST ? text : undefined;
}

/** Images, steps and keys of the YAML by which services of continuous integration and container tools are told what to use. */
function readYaml({ lines }: Pick<Document, 'lines'>, { runtimes, path }: Around): readonly Mention[] {
  const scalars = readScalars(lines);
  const file = new Values(scalars);
  return [
    ...scalars.flatMap((scalar) => {
      if (isImage(scalar.path)) return imageMentions(runtimes, file.expanded(scalar), scalar.line);
      return STEP_KEYS[String(scalar.path.at(-1))] === undefined ? [] : stepMentions(runtimes, scalar, file);
    }),
    ...runtimes.flatMap((runtime) => keyMentions(runtime, path, file)),
  ];
}

/** `image: node:20`, `image: {name: node:20}`, `container: node:20`, and the `name` of a step of Cloud Build. */
function isImage(path: ScalarPath): boolean {
  const last = path.at(-1);
  if (last === 'name') return path.at(-2) === 'image' || (path.length === 3 && path[0] === 'steps');
  return last === 'image' || last === 'container';
}

/** The key that names a step's program, and the key beside it that holds the inputs: GitHub's and Azure's. */
const STEP_KEYS: Readonly<Record<string, string>> = { uses: 'with', task: 'inputs' };

function stepMentions(runtimes: readonly Mentioned[], uses: Scalar, file: Values): readonly Mention[] {
  const [name = '', ref = ''] = uses.text.split('@');
  const step = uses.path.slice(0, -1);
  const inputs = STEP_KEYS[String(uses.path.at(-1))] as string;
  return runtimes.flatMap(({ id, advice }): readonly Mention[] => {
    const mentions = advice?.mentions;
    const { steps = {} } = mentions ?? {};
    const known = Object.hasOwn(steps, name) ? steps[name] : undefined;
    if (known === undefined) return [];
    for (const input of known.inputs) {
      const given = file.below([...step, inputs, input]);
      const first = given[0];
      if (first === undefined) continue;
      const requests = given.flatMap((one) => file.meanings(one)).map((text) => requestIn(mentions, text));
      if (requests.length === 0 || requests.includes(undefined)) return [];
      return [
        {
          tool: id,
          line: first.line,
          says: `${input}: ${first.text}`,
          requests: requests.filter((one) => one !== undefined),
        },
      ];
    }
    const isVersion = known.ref === true && /^\d+(?:\.\d+)+$/.test(ref);
    return isVersion ? [{ tool: id, line: uses.line, says: uses.text, requests: [ref] }] : [];
  });
}

function keyMentions({ id, advice }: Mentioned, path: string, file: Values): readonly Mention[] {
  const mentions = advice?.mentions;
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.ya?ml$/, '');
  const keys = Object.hasOwn(mentions?.keys ?? {}, name) ? mentions?.keys?.[name] : undefined;
  return (keys ?? []).flatMap((key): readonly Mention[] => {
    const given = file.below(key.split('.'));
    const requests = given.flatMap((one) => requestIn(mentions, one.text) ?? []);
    const [first] = given;
    return first === undefined || requests.length === 0
      ? []
      : [{ tool: id, line: first.line, says: `${key.split('.').at(-1)}: ${first.text}`, requests }];
  });
}

/** What a YAML file says by path, and what its variables and matrices stand for. */
class Values {
  readonly #byPath = new Map<string, Scalar[]>();

  constructor(scalars: readonly Scalar[]) {
    for (const scalar of scalars) {
      for (const path of pathsOf(scalar)) {
        const key = path.join('\0');
        const held = this.#byPath.get(key);
        if (held === undefined) this.#byPath.set(key, [scalar]);
        else held.push(scalar);
      }
    }
  }

  below(path: ScalarPath): readonly Scalar[] {
    return this.#byPath.get(path.join('\0')) ?? [];
  }

  /** A value with the file's own `variables` in it. */
  expanded({ text, path }: Scalar): string {
    return expand(text, (name) => {
      for (const scope of scopes(path)) {
        const value =
          this.below([...scope, 'variables', name])[0] ?? this.below([...scope, 'variables', name, 'value'])[0];
        if (value !== undefined) return value.text;
      }
      return undefined;
    });
  }

  /** The texts that a value may become: itself, or what the expression that it is stands for; none where nobody knows. */
  meanings({ text, path }: Scalar): readonly string[] {
    const [, kind, name = ''] = /^\$\{\{\s*(matrix|env)\.([\w-]+)\s*\}\}$/.exec(text) ?? [];
    if (kind === undefined) return /\$\{\{|<<|\$\(/.test(text) ? [] : [text];
    for (const scope of scopes(path)) {
      const given =
        kind === 'env' ? this.below([...scope, 'env', name]) : this.below([...scope, 'strategy', 'matrix', name]);
      if (given.length > 0) return given.map((one) => one.text).filter((one) => !one.includes('${{'));
    }
    return [];
  }
}

/** A value's own path; a list's items stand under the list's too, and what a matrix includes under the matrix's. */
function pathsOf({ path }: Scalar): readonly ScalarPath[] {
  if (typeof path.at(-1) === 'number') return [path, path.slice(0, -1)];
  return path.at(-3) === 'include' ? [path, [...path.slice(0, -3), path.at(-1) as string]] : [path];
}

/** The folder of keys around a value, the nearest first. */
function scopes(path: ScalarPath): readonly ScalarPath[] {
  return path.map((_, index) => path.slice(0, path.length - 1 - index));
}

/** https://containers.dev/implementors/json_reference/, JSON with comments. */
function readDevcontainer({ text }: Pick<Document, 'text'>, { runtimes }: Around): readonly Mention[] {
  const document = readCommented(text);
  if (document === undefined) return [];
  const { value, lineOf } = document;
  const image = memberOf(value, 'image');
  const features = memberOf(value, 'features');
  return [
    ...(typeof image === 'string' ? imageMentions(runtimes, image, lineOf('image')) : []),
    ...Object.entries(isTable(features) ? features : {}).flatMap(([name, options]) => {
      const version = typeof options === 'string' ? options : memberOf(options, 'version');
      if (typeof version !== 'string') return [];
      const feature = name.slice(name.lastIndexOf('/') + 1).split(/[:@]/)[0] ?? '';
      const line = typeof options === 'string' ? lineOf('features', name) : lineOf('features', name, 'version');
      return runtimes.flatMap(({ id, advice }): readonly Mention[] => {
        const mentions = advice?.mentions;
        const request = mentions?.features?.includes(feature) ? requestIn(mentions, version) : undefined;
        return request === undefined ? [] : [{ tool: id, line, says: `${feature}: ${version}`, requests: [request] }];
      });
    }),
  ];
}

function readCommented(text: string): ReturnType<typeof readJson> | undefined {
  try {
    return readJson(withoutComments(text));
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

/** Comments, and commas before a closing bracket, become blanks, so that lines stay. Each character is looked at once. */
function withoutComments(text: string): string {
  const parts: string[] = [];
  let comma: number | undefined;
  for (let at = 0; at < text.length; ) {
    const end = tokenEnd(text, at);
    const token = text.slice(at, end);
    at = end;
    if (token.startsWith('//') || token.startsWith('/*')) {
      parts.push(token.replace(/[^\n]/g, ' '));
      continue;
    }
    if (comma !== undefined && /^[}\]]/.test(token)) parts[comma] = ' ';
    if (token === ',') comma = parts.length;
    else if (token.trim() !== '') comma = undefined;
    parts.push(token);
  }
  return parts.join('');
}

function tokenEnd(text: string, at: number): number {
  const two = text.slice(at, at + 2);
  if (two === '//') return indexOrEnd(text, '\n', at);
  if (two === '/*') return Math.min(indexOrEnd(text, '*/', at + 2) + 2, text.length);
  if (text[at] !== '"') return at + 1;
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '"' || text[end] === '\n') return end + 1;
  }
  return text.length;
}

function indexOrEnd(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
}

function memberOf(value: unknown, name: string): unknown {
  return isTable(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** `image 'node:20'` and `docker.image("node:20")`. */
function readJenkinsfile({ lines }: Pick<Document, 'lines'>, { runtimes }: Around): readonly Mention[] {
  return lines.flatMap((text, index) => {
    const bare = text.slice(0, LONGEST * 2).replace(/(?:^|\s)\/\/.*$/, '');
    const image = /\bimage\b\s{0,8}\(?\s{0,8}(["'])([^"'\s]+)\1/.exec(bare)?.[2];
    return image === undefined ? [] : imageMentions(runtimes, image, index + 1);
  });
}
