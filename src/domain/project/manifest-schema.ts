/**
 * The tables of a manifest as data: the decoder refuses every other key by these names, and the schema for editors
 * (https://json-schema.org/draft-07) and the reference are made from them. What a value may be in full, the decoder says.
 */
export interface ManifestKey {
  readonly name: string;
  /** For editors: half a sentence. */
  readonly describe: string;
  /** What a value looks like, as JSON Schema. */
  readonly value: object;
}

const TEXT = { type: 'string', minLength: 1 };
const TEXTS = { type: 'array', items: TEXT };
const TEXT_OR_TEXTS = { anyOf: [TEXT, TEXTS] };
const PORT = { type: 'integer', minimum: 1024, maximum: 65535 };
const FLAG = { type: 'boolean' };
const VARIABLE = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      properties: { unset: { const: true } },
      required: ['unset'],
      additionalProperties: false,
    },
  ],
};

/** Of a word that a task takes. */
export const ARGUMENT_KEYS: readonly ManifestKey[] = [
  {
    name: 'name',
    describe: 'the shell variable in which the lines find it',
    value: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,31}$' },
  },
  { name: 'description', describe: 'half a sentence for polyenv run TASK --help', value: TEXT },
  { name: 'default', describe: 'the value where none is given', value: { type: 'string' } },
  { name: 'choices', describe: 'the words that are allowed', value: { ...TEXTS, minItems: 1 } },
  { name: 'many', describe: 'whether it takes all further words: "$@" of the lines', value: FLAG },
];

export const TASK_KEYS: readonly ManifestKey[] = [
  { name: 'run', describe: 'a line of shell, or several that run one after another', value: TEXT_OR_TEXTS },
  { name: 'dir', describe: 'the folder that it runs in, below the manifest', value: TEXT },
  {
    name: 'env',
    describe: 'variables for this task',
    value: { type: 'object', additionalProperties: VARIABLE },
  },
  {
    name: 'args',
    describe: 'the words that it takes behind its name',
    value: { type: 'array', items: { anyOf: [TEXT, closed(ARGUMENT_KEYS, ['name'])] } },
  },
  { name: 'depends', describe: 'tasks of this file that run before', value: TEXTS },
  { name: 'parallel', describe: 'whether those may run at the same time', value: FLAG },
  { name: 'services', describe: 'services that run before', value: TEXTS },
  { name: 'port', describe: 'the port to listen on: it finds the number in PORT', value: PORT },
  { name: 'inputs', describe: 'patterns of files that it reads', value: TEXT_OR_TEXTS },
  { name: 'outputs', describe: 'patterns of files that it makes', value: TEXT_OR_TEXTS },
  { name: 'description', describe: 'one line for polyenv run --list', value: TEXT },
];

export const SERVICE_KEYS: readonly ManifestKey[] = [
  { name: 'use', describe: 'the kind of server, with or without a version: postgres@17', value: TEXT },
  { name: 'databases', describe: 'databases to make; the first is that of DATABASE_URL', value: TEXTS },
  { name: 'extensions', describe: "extensions of the kind's own list", value: TEXTS },
  { name: 'port', describe: 'a port of your choice', value: PORT },
  { name: 'prefix', describe: 'stands before the names of its variables', value: TEXT },
];

export const DOMAIN_TARGETS = ['task', 'service', 'port'] as const;

const TARGET = {
  anyOf: [
    TEXT,
    {
      type: 'object',
      properties: { task: TEXT, service: TEXT, port: PORT, origins: TEXTS, strip: { type: 'boolean' } },
      additionalProperties: false,
    },
  ],
};

const DOMAIN = {
  anyOf: [
    ...TARGET.anyOf,
    {
      type: 'object',
      properties: { origins: TEXTS },
      patternProperties: { '^/': TARGET },
      additionalProperties: false,
    },
  ],
};

const PIN = {
  anyOf: [
    TEXT,
    {
      type: 'object',
      properties: { version: TEXT, vendor: TEXT },
      required: ['version'],
      additionalProperties: TEXT_OR_TEXTS,
    },
  ],
};

function table(of: object): object {
  return { type: 'object', additionalProperties: of };
}

function closed(keys: readonly ManifestKey[], required: readonly string[] = []): object {
  const properties = Object.fromEntries(
    keys.map(({ name, describe, value }) => [name, { description: describe, ...value }]),
  );
  return { type: 'object', properties, ...(required.length > 0 && { required }), additionalProperties: false };
}

export const TOP_KEYS: readonly ManifestKey[] = [
  { name: 'schema', describe: 'the form of the file', value: { const: 1 } },
  { name: 'root', describe: 'whether the search for pins ends here', value: FLAG },
  {
    name: 'isolation',
    describe: 'whether download caches are private too',
    value: { enum: ['default', 'strict'] },
  },
  { name: 'runtimes', describe: 'the versions', value: table(PIN) },
  {
    name: 'services',
    describe: "servers of the project's own",
    value: table({ anyOf: [TEXT, closed(SERVICE_KEYS, ['use'])] }),
  },
  { name: 'domains', describe: 'names below .localhost, with HTTPS', value: table(DOMAIN) },
  {
    name: 'env',
    describe: "variables for the project's commands",
    value: {
      type: 'object',
      properties: { file: { description: 'files of variables', ...TEXT_OR_TEXTS } },
      additionalProperties: VARIABLE,
    },
  },
  {
    name: 'paths',
    describe: 'further folders of commands',
    value: closed([
      { name: 'prepend', describe: "searched before the runtimes' own commands", value: TEXTS },
      { name: 'append', describe: 'searched after them', value: TEXTS },
    ]),
  },
  {
    name: 'tasks',
    describe: 'what polyenv run runs',
    value: table({ anyOf: [TEXT_OR_TEXTS, closed(TASK_KEYS)] }),
  },
  { name: 'aliases', describe: 'other names of tasks', value: table(TEXT_OR_TEXTS) },
  { name: 'sources', describe: "where a runtime's downloads come from", value: table(TEXT_OR_TEXTS) },
];

/** The schema for editors, with the names of the runtimes that there are. */
export function manifestSchema(runtimes: readonly string[]): object {
  const top = closed(TOP_KEYS) as { readonly properties: Record<string, object> };
  const names = Object.fromEntries(runtimes.map((name) => [name, { $ref: '#/definitions/pin' }]));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'polyenv.toml',
    definitions: { pin: PIN },
    ...top,
    properties: {
      ...top.properties,
      runtimes: { ...top.properties.runtimes, properties: names, additionalProperties: false },
    },
  };
}

export function namesOf(keys: readonly ManifestKey[]): readonly string[] {
  return keys.map(({ name }) => name);
}
