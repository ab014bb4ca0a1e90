import { PolyenvError } from './errors';
import { nearestName } from './nearest';
import { NAME_RULES, NAMED, type NameRule, refuseName } from './package-name';
import { isPrintable, printable, quoted } from './printable';
import type { ToolId } from './request';

/** What `template.toml` says: a template is data, and nothing in it can run code. */
export interface Template {
  /** The folder's name. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly runtimes: readonly TemplateRuntime[];
  /** In the file's order; a default may use those above it. */
  readonly parameters: readonly Parameter[];
  /** What to do next, one line each, with substitutions. */
  readonly next: readonly string[];
}

/** A runtime of the project: also a parameter of its name, whose value is a version request. */
export interface TemplateRuntime {
  readonly tool: ToolId;
  readonly request: string;
  /** The boolean parameter without which the project does not have it. */
  readonly when?: string;
}

export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly title: string;
  /** As text: `8080`, `true`. */
  readonly fallback: string;
  /** For `name`: every ecosystem that must accept it. */
  readonly rules: readonly NameRule[];
  /** For `choice`: the values that there are. */
  readonly choices: readonly string[];
  /** For `name`: files of the template in which the value may not already stand in quotes, since one lock cannot hold a name twice. */
  readonly distinct: readonly string[];
  /** For `boolean`: the folder beside `files/` that is laid over it when the value is true. */
  readonly adds?: string;
}

export const PARAMETER_TYPES = ['text', 'port', 'name', 'version', 'choice', 'boolean'] as const;

export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** Every marker's replacement: parameters, runtimes, and what follows from them. */
export type Values = ReadonlyMap<string, string>;

/** Bytes. A larger `template.toml` is refused before it is parsed. */
export const TEMPLATE_LIMIT = 256 * 1024;

/**
 * Decodes a parsed `template.toml`. Throws `template-invalid`, naming `file`.
 *
 * ```toml
 * title = "Axum"
 * description = "An HTTP service in Rust"
 * next = ["cd {{polyenv.folder}}", "polyenv run dev"]
 * [runtimes]
 * rust = "1.95"                                  # or { request = "25", when = "with_java" }
 * [parameters.name]
 * type = "name"                                  # text port name version choice boolean
 * title = "Name of the service"
 * default = "my-service"
 * check = ["crates"]                             # for names: npm pypi crates java-package maven go-module
 * ```
 */
export function decodeTemplate(name: string, value: unknown, file: string): Template {
  const reader = { file };
  const top = tableOf(reader, value, 'a template');
  refuseUnknown(reader, top, ['title', 'description', 'runtimes', 'parameters', 'next']);
  const parameters = Object.entries(tableOf(reader, top.parameters ?? {}, 'parameters')).map(([key, body]) =>
    decodeParameter(reader, key, body),
  );
  const runtimes = Object.entries(tableOf(reader, top.runtimes ?? {}, 'runtimes')).map(([tool, body]) =>
    decodeRuntime(reader, tool, body),
  );
  for (const { tool, when } of runtimes) {
    if (parameters.some((parameter) => parameter.name === tool)) {
      fail(reader, `${tool} is both a runtime and a parameter`);
    }
    if (
      when !== undefined &&
      !parameters.some((parameter) => parameter.name === when && parameter.type === 'boolean')
    ) {
      fail(reader, `runtimes.${tool}.when names ${quoted(when)}, which is no boolean parameter here`);
    }
  }
  refuseSameNames(reader, { runtimes, parameters });
  return {
    name,
    title: lineOf(reader, top.title, 'title'),
    description: lineOf(reader, top.description, 'description'),
    runtimes,
    parameters,
    next: linesOf(reader, top.next, 'next'),
  };
}

/** What the person chose: text by parameter or runtime. Throws `usage` for an unknown name or a value that its type refuses. */
export function chooseValues(
  template: Template,
  given: Readonly<Record<string, string>>,
  /** The project's folder, its last part, as it is to stand in messages. */
  folder: string,
): Values {
  refuseUnknownChoices(template, given);
  const values = new Map<string, string>([
    ['dot', '.'],
    ['folder', folder],
    ['template', template.name],
  ]);
  for (const parameter of template.parameters) {
    const value = chosen(given, parameter.name) ?? substitute(parameter.fallback, values);
    const reason = refuseValue(parameter, value);
    if (reason !== undefined) refuseChoice(template, parameter.name, { value, reason });
    for (const [name, text] of withDerived(parameter.name, parameter.type, value)) values.set(name, text);
  }
  for (const { tool, request } of template.runtimes) {
    const value = chosen(given, tool) ?? request;
    const reason = refuseVersion(value);
    if (reason !== undefined) refuseChoice(template, tool, { value, reason });
    values.set(tool, value);
    values.set(`${tool}_line`, lineIn(value) ?? lineIn(request) ?? value);
  }
  refusePortsTwice(template, values);
  return values;
}

/** The runtimes that the project has with these values. */
export function chosenRuntimes(
  template: Template,
  values: Values,
): readonly { readonly tool: ToolId; readonly request: string }[] {
  return template.runtimes
    .filter(({ when }) => when === undefined || values.get(when) === 'true')
    .map(({ tool, request }) => ({ tool, request: values.get(tool) ?? request }));
}

/**
 * The text with every `{{polyenv.NAME}}` replaced whose NAME has a value. Anything else stays as it is: other names,
 * blanks inside the braces, and braces after `$` or another brace, which belong to other languages. One pass: a value
 * is never looked at again.
 */
export function substitute(text: string, values: Values): string {
  return text.replace(MARKER, (marker, name: string) => values.get(name) ?? marker);
}

const MARKER = /(?<![${])\{\{polyenv\.([a-z][a-z0-9_]*)\}\}/g;

/** Why a value is refused, to follow "VALUE is no NAME: "; `undefined` if it is taken. */
export function refuseValue(parameter: Parameter, value: string): string | undefined {
  switch (parameter.type) {
    case 'port':
      return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535 ? undefined : 'a port is a number from 1 to 65535';
    case 'boolean':
      return value === 'true' || value === 'false' ? undefined : 'it is true or false';
    case 'choice':
      return parameter.choices.includes(value) ? undefined : `choose from ${parameter.choices.join(', ')}`;
    case 'version':
      return refuseVersion(value);
    case 'text':
      return refuseText(value);
    case 'name':
      for (const rule of parameter.rules) {
        const reason = refuseName(rule, value);
        if (reason !== undefined) return `${reason} (it is to name ${NAMED[rule]})`;
      }
      return /^[\w@.~/-]{1,214}$/.test(value) ? undefined : 'it may have letters, digits and @ . ~ / _ - only';
  }
}

/** Every marker that the template's files may use. */
export function markersOf(template: Template): readonly string[] {
  return [
    'dot',
    'folder',
    'template',
    ...template.parameters.flatMap(({ name, type }) => withDerived(name, type, '').map(([derived]) => derived)),
    ...template.runtimes.flatMap(({ tool }) => [tool, `${tool}_line`]),
  ];
}

/** A name also comes as an identifier (`my-app` -> `my_app`) and as folders (`com.example` -> `com/example`), a version also as its line (`>=1.95` -> `1.95`). */
function withDerived(name: string, type: ParameterType, value: string): readonly (readonly [string, string])[] {
  if (type === 'version')
    return [
      [name, value],
      [`${name}_line`, lineIn(value) ?? value],
    ];
  if (type !== 'name') return [[name, value]];
  const identifier = value.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
  return [
    [name, value],
    [`${name}_ident`, /^\d/.test(identifier) ? `_${identifier}` : identifier],
    [`${name}_path`, value.replaceAll('.', '/')],
  ];
}

/** The first number with dots in a request: what tags of container images are called after. */
function lineIn(request: string): string | undefined {
  return /\d+(?:\.\d+)*/.exec(request)?.[0];
}

function refuseVersion(value: string): string | undefined {
  return /^[A-Za-z0-9.*^~<>=!,|+/ _-]{1,64}$/.test(value) && value.trim() === value
    ? undefined
    : 'that is no version request';
}

/** A text is put into files of every syntax as it is: so no quotes, escapes, brackets or line ends. */
function refuseText(value: string): string | undefined {
  if (value.length > 200) return 'it is longer than 200 characters';
  return /^[\p{L}\p{N} .,;:!?()+_/@-]*$/u.test(value)
    ? undefined
    : 'it may have letters, digits, blanks and . , ; : ! ? ( ) + _ / @ - only';
}

function chosen(given: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function refuseUnknownChoices(template: Template, given: Readonly<Record<string, string>>): void {
  const known = [...template.parameters.map(({ name }) => name), ...template.runtimes.map(({ tool }) => tool)];
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw new PolyenvError('usage', `the template ${template.name} has no parameter ${quoted(name)}`, {
      hint: near === undefined ? `choose from ${known.join(', ')}` : `did you mean ${near}?`,
    });
  }
}

function refuseChoice(
  template: Template,
  name: string,
  problem: { readonly value: string; readonly reason: string },
): never {
  throw new PolyenvError('usage', printable(`${name} cannot be ${quoted(problem.value)}: ${problem.reason}`), {
    hint: `choose another: polyenv new ${template.name} --set ${name}=VALUE`,
  });
}

function refusePortsTwice(template: Template, values: Values): void {
  const taken = new Map<string, string>();
  for (const { name, type } of template.parameters) {
    if (type !== 'port') continue;
    const port = values.get(name) ?? '';
    const other = taken.get(port);
    if (other !== undefined) refuseChoice(template, name, { value: port, reason: `${other} has that port already` });
    taken.set(port, name);
  }
}

interface Reader {
  readonly file: string;
}

function decodeRuntime(reader: Reader, tool: string, body: unknown): TemplateRuntime {
  if (!/^[a-z]{1,32}$/.test(tool)) fail(reader, `${quoted(tool)} is no runtime's name`);
  const table = typeof body === 'string' ? { request: body } : tableOf(reader, body, `runtimes.${tool}`);
  refuseUnknown(reader, table, ['request', 'when']);
  const request = lineOf(reader, table.request, `runtimes.${tool}.request`);
  const reason = refuseVersion(request);
  if (reason !== undefined) fail(reader, `runtimes.${tool}.request is ${quoted(request)}: ${reason}`);
  return {
    tool,
    request,
    ...(table.when === undefined ? {} : { when: lineOf(reader, table.when, `runtimes.${tool}.when`) }),
  };
}

function decodeParameter(reader: Reader, name: string, body: unknown): Parameter {
  const here = `parameters.${name}`;
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(name))
    fail(reader, `${quoted(name)} is no parameter's name: small letters, digits and _`);
  const table = tableOf(reader, body, here);
  refuseUnknown(reader, table, ['type', 'title', 'default', 'check', 'choices', 'distinct', 'adds']);
  const type = PARAMETER_TYPES.find((known) => known === table.type);
  if (type === undefined) return fail(reader, `${here}.type must be one of ${PARAMETER_TYPES.join(', ')}`);
  for (const [key, owner] of [
    ['check', 'name'],
    ['distinct', 'name'],
    ['choices', 'choice'],
    ['adds', 'boolean'],
  ] as const) {
    if (table[key] !== undefined && type !== owner) fail(reader, `${here}.${key} is only for the type ${owner}`);
  }
  const parameter: Parameter = {
    name,
    type,
    title: lineOf(reader, table.title, `${here}.title`),
    fallback: scalarOf(reader, table.default, `${here}.default`),
    rules: linesOf(reader, table.check, `${here}.check`).map((rule) => ruleOf(reader, rule, here)),
    choices: linesOf(reader, table.choices, `${here}.choices`),
    distinct: linesOf(reader, table.distinct, `${here}.distinct`),
    ...(table.adds === undefined ? {} : { adds: addedFolder(reader, table.adds, here) }),
  };
  if (type === 'choice') {
    for (const choice of parameter.choices) {
      if (refuseText(choice) !== undefined)
        fail(reader, `${here}.choices has ${quoted(choice)}: ${refuseText(choice)}`);
    }
  }
  const reason = parameter.fallback.includes('{{') ? undefined : refuseValue(parameter, parameter.fallback);
  if (reason !== undefined) fail(reader, `${here}.default is ${quoted(parameter.fallback)}: ${reason}`);
  return parameter;
}

function ruleOf(reader: Reader, text: string, here: string): NameRule {
  return (
    NAME_RULES.find((rule) => rule === text) ??
    fail(reader, `${here}.check has ${quoted(text)}; there are ${NAME_RULES.join(', ')}`)
  );
}

function addedFolder(reader: Reader, value: unknown, here: string): string {
  const folder = lineOf(reader, value, `${here}.adds`);
  if (!/^[a-z][a-z0-9-]*$/.test(folder) || folder === 'files') {
    fail(reader, `${here}.adds must name a folder beside files/, in small letters, digits and -`);
  }
  return folder;
}

/** Markers must be told apart: `app` of type name makes `app_ident`, so no other may be called that. */
function refuseSameNames(reader: Reader, template: Pick<Template, 'runtimes' | 'parameters'>): void {
  const seen = new Set<string>();
  for (const name of markersOf({ name: '', title: '', description: '', next: [], ...template })) {
    if (seen.has(name)) fail(reader, `the marker ${name} would have two meanings`);
    seen.add(name);
  }
}

/** A list of texts; empty where it is absent. */
function linesOf(reader: Reader, value: unknown, here: string): readonly string[] {
  return listOf(reader, value ?? [], here).map((item, index) => lineOf(reader, item, `${here}[${index}]`));
}

function scalarOf(reader: Reader, value: unknown, here: string): string {
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : lineOf(reader, value, here);
}

function lineOf(reader: Reader, value: unknown, here: string): string {
  if (typeof value !== 'string') return fail(reader, `${here} must be a text in quotes`);
  if (value.length > 500) fail(reader, `${here} is longer than 500 characters`);
  if (!isPrintable(value)) fail(reader, `${here} holds characters that cannot be shown: ${quoted(value)}`);
  return value;
}

function listOf(reader: Reader, value: unknown, here: string): readonly unknown[] {
  return Array.isArray(value) && value.length <= 200 ? value : fail(reader, `${here} must be a list`);
}

function tableOf(reader: Reader, value: unknown, here: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    ? (value as Record<string, unknown>)
    : fail(reader, `${here} must be a table`);
}

function refuseUnknown(reader: Reader, table: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  for (const key of Object.keys(table)) {
    if (!known.includes(key)) fail(reader, `${quoted(key)} is not known here; there are ${known.join(', ')}`);
  }
}

function fail(reader: Reader, message: string): never {
  throw new PolyenvError('template-invalid', printable(message), { where: { file: reader.file } });
}
