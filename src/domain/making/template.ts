import { type DocumentValue, isTable, type KeyPath } from '../formats/document-value';
import { refuseName as refuseLocalName } from '../gateway/local-name';
import { PolyenvError } from '../words/errors';
import { orNearest } from '../words/nearest';
import { isPrintable, printable, quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';
import { NAME_RULES, NAMED, type NameRule, refuseName } from './package-name';

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
  /** What `polyenv generate` puts into the finished project. */
  readonly generate: readonly TemplateGenerated[];
}

/** Of what can be generated, what a new project's own manifest is enough for. */
const TEMPLATE_GENERATED = ['github-actions', 'devcontainer'] as const;

export type TemplateGenerated = (typeof TEMPLATE_GENERATED)[number];

/** A runtime of the project: also a parameter of its name, whose value is a version request. */
export interface TemplateRuntime {
  readonly tool: ToolId;
  readonly request: string;
  /** The boolean parameter without which the project does not have it. */
  readonly when?: string;
  /** The oldest version that the template's files run on. */
  readonly least?: string;
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

const PARAMETER_TYPES = ['text', 'port', 'name', 'version', 'choice', 'boolean'] as const;

export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** Every marker's replacement: parameters, runtimes, and what follows from them. */
export type Values = ReadonlyMap<string, string>;

/** Bytes. A larger `template.toml` is refused before it is parsed. */
export const TEMPLATE_LIMIT = 256 * 1024;

/**
 * Decodes a parsed `template.toml`. Throws `template-invalid` with the line.
 *
 * ```toml
 * title = "Axum"
 * description = "An HTTP service in Rust"
 * next = ["cd {{polyenv.folder}}", "polyenv run dev"]
 * generate = ["github-actions"]                  # and devcontainer: by `polyenv generate`, in the finished project
 * [runtimes]
 * rust = "1.95"                                  # or { request = "25", when = "with_java", least = "17" }
 * [parameters.name]
 * type = "name"                                  # text port name version choice boolean
 * title = "Name of the service"
 * default = "my-service"
 * check = ["crates"]                             # for names: npm pypi crates java-package maven go-module
 * ```
 */
export function decodeTemplate(name: string, reader: DocumentValue): Template {
  const top = tableOf(reader, [], reader.value);
  refuseUnknown(reader, [], top);
  const parameters = Object.entries(tableOf(reader, ['parameters'], top.parameters ?? {})).map(([key, body]) =>
    decodeParameter(reader, key, body),
  );
  const runtimes = Object.entries(tableOf(reader, ['runtimes'], top.runtimes ?? {})).map(([tool, body]) =>
    decodeRuntime(reader, tool, body),
  );
  for (const { tool, when } of runtimes) {
    if (parameters.some((parameter) => parameter.name === tool)) {
      fail(reader, ['parameters', tool], `${tool} is both a runtime and a parameter`);
    }
    if (
      when !== undefined &&
      !parameters.some((parameter) => parameter.name === when && parameter.type === 'boolean')
    ) {
      fail(reader, ['runtimes', tool, 'when'], `${quoted(when)} is no boolean parameter here`);
    }
  }
  refuseSameNames(reader, { runtimes, parameters });
  return {
    name,
    title: textOf(reader, ['title'], top.title),
    description: textOf(reader, ['description'], top.description),
    runtimes,
    parameters,
    next: textsOf(reader, ['next'], top.next),
    generate: textsOf(reader, ['generate'], top.generate).map((kind) => generatedOf(reader, kind)),
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
function markersOf(template: Pick<Template, 'runtimes' | 'parameters'>): readonly string[] {
  return [
    'dot',
    'folder',
    'template',
    ...template.parameters.flatMap(({ name, type }) => withDerived(name, type, '').map(([derived]) => derived)),
    ...template.runtimes.flatMap(({ tool }) => [tool, `${tool}_line`]),
  ];
}

/** A name also comes as an identifier (`my-app` -> `my_app`) as folders (`com.example` -> `com/example`) and as a name below .localhost (`@me/my_app` -> `my-app`), a version also as its line (`>=1.95` -> `1.95`). */
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
    [`${name}_domain`, domainOf(value)],
  ];
}

/** A name below .localhost: the last part that says something. */
function domainOf(value: string): string {
  const parts = value.toLowerCase().split('/');
  const part = parts.findLast((one) => /[a-z]/.test(one) && !/^v\d+$/.test(one)) ?? '';
  const label = part
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return refuseLocalName(label) === undefined ? label : 'app';
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
    const what = `the template ${template.name} has no parameter ${quoted(name)}`;
    throw new PolyenvError('usage', what, orNearest(name, known, `choose from ${known.join(', ')}`));
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

function decodeRuntime(reader: DocumentValue, tool: string, body: unknown): TemplateRuntime {
  const keys = ['runtimes', tool];
  if (!/^[a-z]{1,32}$/.test(tool)) fail(reader, keys, `${quoted(tool)} is no runtime's name`);
  const table = typeof body === 'string' ? { request: body } : tableOf(reader, keys, body);
  refuseUnknown(reader, keys, table);
  const request = textOf(reader, [...keys, 'request'], table.request);
  const reason = refuseVersion(request);
  if (reason !== undefined) fail(reader, [...keys, 'request'], `${quoted(request)}: ${reason}`);
  return {
    tool,
    request,
    ...(table.when === undefined ? {} : { when: textOf(reader, [...keys, 'when'], table.when) }),
    ...(table.least === undefined ? {} : { least: floorOf(reader, [...keys, 'least'], table.least) }),
  };
}

function floorOf(reader: DocumentValue, keys: KeyPath, value: unknown): string {
  const text = textOf(reader, keys, value);
  return /^\d+(?:\.\d+)*$/.test(text) ? text : fail(reader, keys, `${quoted(text)} is no version in numbers`);
}

function decodeParameter(reader: DocumentValue, name: string, body: unknown): Parameter {
  const keys = ['parameters', name];
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(name)) {
    fail(reader, keys, `${quoted(name)} is no parameter's name: small letters, digits and _ make one`);
  }
  const table = tableOf(reader, keys, body);
  refuseUnknown(reader, keys, table);
  const type = PARAMETER_TYPES.find((known) => known === table.type);
  if (type === undefined) return fail(reader, [...keys, 'type'], `a type is one of ${PARAMETER_TYPES.join(', ')}`);
  for (const [key, owner] of Object.entries(ONLY_FOR)) {
    if (table[key] !== undefined && type !== owner)
      fail(reader, [...keys, key], `${key} is only for the type ${owner}`);
  }
  const parameter: Parameter = {
    name,
    type,
    title: textOf(reader, [...keys, 'title'], table.title),
    fallback: scalarOf(reader, [...keys, 'default'], table.default),
    rules: textsOf(reader, [...keys, 'check'], table.check).map((rule) => ruleOf(reader, [...keys, 'check'], rule)),
    choices: textsOf(reader, [...keys, 'choices'], table.choices),
    distinct: textsOf(reader, [...keys, 'distinct'], table.distinct),
    ...(table.adds === undefined ? {} : { adds: folderOf(reader, [...keys, 'adds'], table.adds) }),
  };
  for (const [index, choice] of parameter.choices.entries()) {
    const reason = refuseText(choice);
    if (reason !== undefined) fail(reader, [...keys, 'choices', index], `${quoted(choice)}: ${reason}`);
  }
  // A default with markers is only known once those above it are chosen.
  const reason = parameter.fallback.includes('{{') ? undefined : refuseValue(parameter, parameter.fallback);
  if (reason !== undefined) fail(reader, [...keys, 'default'], `${quoted(parameter.fallback)}: ${reason}`);
  return parameter;
}

/** Keys that only one type of parameter has. */
const ONLY_FOR = { check: 'name', distinct: 'name', choices: 'choice', adds: 'boolean' } as const;

function ruleOf(reader: DocumentValue, keys: KeyPath, text: string): NameRule {
  return (
    NAME_RULES.find((rule) => rule === text) ??
    fail(reader, keys, `${quoted(text)} is no check; there are ${NAME_RULES.join(', ')}`)
  );
}

function generatedOf(reader: DocumentValue, text: string): TemplateGenerated {
  return (
    TEMPLATE_GENERATED.find((kind) => kind === text) ??
    fail(
      reader,
      ['generate'],
      `${quoted(text)} is nothing that is generated; there are ${TEMPLATE_GENERATED.join(', ')}`,
    )
  );
}

function folderOf(reader: DocumentValue, keys: KeyPath, value: unknown): string {
  const folder = textOf(reader, keys, value);
  if (!/^[a-z][a-z0-9-]*$/.test(folder) || folder === 'files') {
    fail(reader, keys, 'it must name a folder beside files/, in small letters, digits and -');
  }
  return folder;
}

/** Markers must be told apart: `app` of type name makes `app_ident`, so no other may be called that. */
function refuseSameNames(reader: DocumentValue, template: Pick<Template, 'runtimes' | 'parameters'>): void {
  const seen = new Set<string>();
  for (const name of markersOf(template)) {
    if (seen.has(name)) fail(reader, ['parameters', name], `the marker ${name} would have two meanings`);
    seen.add(name);
  }
}

/** A list of texts; empty where it is absent. */
function textsOf(reader: DocumentValue, keys: KeyPath, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > 200) return fail(reader, keys, 'it must be a list of texts in quotes');
  return value.map((item, index) => textOf(reader, [...keys, index], item));
}

function scalarOf(reader: DocumentValue, keys: KeyPath, value: unknown): string {
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : textOf(reader, keys, value);
}

function textOf(reader: DocumentValue, keys: KeyPath, value: unknown): string {
  if (typeof value !== 'string') return fail(reader, keys, 'it must be a text in quotes');
  if (value.length > 500) fail(reader, keys, 'it is longer than 500 characters');
  if (!isPrintable(value)) fail(reader, keys, `it holds characters that cannot be shown: ${quoted(value)}`);
  return value;
}

function tableOf(reader: DocumentValue, keys: KeyPath, value: unknown): Readonly<Record<string, unknown>> {
  return isTable(value) ? value : fail(reader, keys, 'it must be a table');
}

const KNOWN = {
  '': ['title', 'description', 'runtimes', 'parameters', 'next', 'generate'],
  runtimes: ['request', 'when', 'least'],
  parameters: ['type', 'title', 'default', ...Object.keys(ONLY_FOR)],
};

function refuseUnknown(reader: DocumentValue, keys: KeyPath, table: Readonly<Record<string, unknown>>): void {
  const known = KNOWN[String(keys[0] ?? '') as keyof typeof KNOWN];
  for (const key of Object.keys(table)) {
    if (!known.includes(key)) fail(reader, [...keys, key], `it is not known here; there are ${known.join(', ')}`);
  }
}

function fail(reader: DocumentValue, keys: KeyPath, message: string): never {
  const place = keys.length === 0 ? 'a template' : keys.join('.');
  throw new PolyenvError('template-invalid', printable(`${place}: ${message}`), {
    where: { file: reader.path, line: reader.lineOf(...keys) },
  });
}
