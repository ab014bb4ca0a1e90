import { isAbsolute, join } from 'node:path';
import { isTable } from '../../domain/formats/document-value';
import { type Decoded, decodeSetting, loosens, parseSetting } from '../../domain/project/setting-value';
import { SETTINGS, type Settings, settingVariable } from '../../domain/project/settings';
import { type ErrorPlace, PolyenvError } from '../../domain/words/errors';
import { nearestName } from '../../domain/words/nearest';
import { present } from '../../domain/words/present';
import { printable, quoted } from '../../domain/words/printable';
import type { Origin } from '../../domain/words/sourced';
import type { Host } from '../../host';
import { ensureFolder, readTextIfAny } from '../files/fs';
import { isMissing } from '../files/fs-errors';

export interface SettingsFiles {
  /** For the whole machine; its `"locked": [...]` names settings that nobody may loosen, `"locked": true` all that it sets. */
  readonly organisation: string;
  readonly person: string;
}

export interface ExplainedSetting {
  readonly name: string;
  readonly variable: string;
  readonly describe: string;
  readonly value: unknown;
  /** Of the strongest place that sets it; maps are joined from all. */
  readonly from: Origin;
  readonly locked: boolean;
}

export interface SettingChange {
  /** A setting's name, or for one entry of a map its name, a dot and the key: `defaults.node`. */
  readonly name: string;
  /** As in a variable; `undefined` takes it away. */
  readonly value: string | undefined;
}

/** No variable and no project can move the organisation's file. */
export function settingsFiles(host: Host): SettingsFiles {
  const system = host.os === 'darwin' ? '/Library/Application Support/polyenv' : '/etc/polyenv';
  // The XDG specification says that relative paths are to be ignored.
  const configured = host.env.XDG_CONFIG_HOME ?? '';
  const folder = isAbsolute(configured) ? configured : join(host.personHome, '.config');
  return { organisation: join(system, 'settings.json'), person: join(folder, 'polyenv', 'settings.json') };
}

/** The person's own file, whether it exists or not. */
export function settingsFile(host: Host): string {
  return settingsFiles(host).person;
}

/**
 * Variables (`POLYENV_...`) over the person's file over the organisation's over the defaults; maps are joined. Throws
 * `settings-invalid` with file and line or variable, and `settings-locked` where a locked one is loosened.
 */
export async function loadSettings(host: Host, files = settingsFiles(host)): Promise<Settings> {
  const explained = await explainSettings(host, files);
  const entries = SETTINGS.map(({ key, name }) => [key, explained.find((setting) => setting.name === name)?.value]);
  return Object.fromEntries(entries) as unknown as Settings;
}

/** Every setting with its value and the place that said it. Throws as `loadSettings` does. */
export async function explainSettings(host: Host, files = settingsFiles(host)): Promise<readonly ExplainedSetting[]> {
  const organisation = await readLayer(files.organisation);
  const person = await readLayer(files.person);
  if (person.locked !== undefined) throw misplacedLock(person);
  return SETTINGS.map((setting) => {
    const { name, describe } = setting;
    const variable = settingVariable(name);
    const locked = organisation.values.has(name) && isLocked(organisation, name);
    const layers: readonly { readonly from: Origin; readonly decoded: unknown }[] = [
      { from: { kind: 'default' }, decoded: setting.fallback },
      ...valueIn(organisation, name),
      ...valueIn(person, name),
      ...valueInEnvironment(host, setting),
    ];
    let value: unknown = setting.fallback;
    let from: Origin = { kind: 'default' };
    for (const layer of layers.slice(1)) {
      const next = setting.type === 'map' ? { ...(value as object), ...(layer.decoded as object) } : layer.decoded;
      const loosened = locked && layer !== layers[1] && loosens(setting, value, next);
      if (loosened) throw lockedError(name, layer.from, organisation);
      value = next;
      from = layer.from;
    }
    return { name, variable, describe, value, from, locked };
  });
}

/** Writes the person's file. Throws `settings-invalid` for an unknown name or a wrong value, `settings-locked` where the organisation forbids it. */
export async function changeSetting(
  host: Host,
  change: SettingChange,
  files = settingsFiles(host),
): Promise<{ readonly file: string; readonly name: string; readonly value: unknown }> {
  const setting = findSetting(change.name);
  const { name } = setting;
  const entry = change.name === name ? undefined : change.name.slice(name.length + 1);
  const [organisation, person] = [await readLayer(files.organisation), await readLayer(files.person, 'for-change')];
  const before = person.values.get(name)?.decoded;
  const value = changedValue(setting, { entry, text: change.value, before });
  const ruling = organisation.values.get(name);
  const joined = setting.type === 'map' ? { ...(ruling?.decoded as object), ...(value as object) } : value;
  const loosened = ruling !== undefined && isLocked(organisation, name) && loosens(setting, ruling.decoded, joined);
  if (value !== undefined && loosened) throw lockedError(name, { kind: 'argument', text: change.name }, organisation);
  await writePersonFile(files.person, name, value);
  return { file: files.person, name, value };
}

interface Layer {
  readonly file: string;
  readonly text: string;
  readonly values: ReadonlyMap<string, { readonly decoded: unknown; readonly line: number }>;
  readonly locked: readonly string[] | 'all' | undefined;
}

type SettingRow = (typeof SETTINGS)[number];

/** Characters of one file. */
const LIMIT = 1024 * 1024;

/** `for-change` leaves out what is wrong, so that `settings unset` and `settings set` can fix it. */
async function readLayer(file: string, purpose: 'for-use' | 'for-change' = 'for-use'): Promise<Layer> {
  const text = (await readSettingsText(file)) ?? '';
  const top = text.trim() === '' ? {} : parseJson(text, file);
  const values = new Map<string, { decoded: unknown; line: number }>();
  for (const { name, value } of flatten(top)) {
    const line = lineOfName(text, name);
    const setting = SETTINGS.find((known) => known.name === name);
    const decoded = setting === undefined ? unknownProblem(name) : decodeSetting(setting, value);
    if (!('problem' in decoded)) values.set(name, { decoded: decoded.value, line });
    else if (purpose === 'for-use') throw invalidInFile(name, decoded.problem, { file, line });
  }
  return { file, text, values, locked: decodeLocked(top.locked, { file, line: lineOfName(text, 'locked') }) };
}

async function readSettingsText(file: string): Promise<string | undefined> {
  let text: string | undefined;
  try {
    text = await readTextIfAny(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new PolyenvError('settings-invalid', `the settings cannot be read: ${reason}`, {
      where: { file },
      hint: `ls -l ${quoted(file)}`,
      cause: error,
    });
  }
  if (text === undefined) return undefined;
  if (text.length > LIMIT) {
    throw new PolyenvError('settings-invalid', `the settings are larger than ${LIMIT} bytes`, { where: { file } });
  }
  return text.replace(/^\ufeff/, '');
}

function parseJson(text: string, file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PolyenvError('settings-invalid', printable(`it is not JSON: ${(error as Error).message}`), {
      where: { file, line: lineOfFault(text, error as Error) },
      hint: 'fix the file, or move it away',
      cause: error,
    });
  }
  if (isTable(value)) return value;
  throw new PolyenvError('settings-invalid', 'the settings must be one JSON object', { where: { file, line: 1 } });
}

/** Nested objects become dotted names, down to the names that are settings. */
function flatten(
  top: Readonly<Record<string, unknown>>,
): readonly { readonly name: string; readonly value: unknown }[] {
  return Object.entries(top).flatMap(([first, value]) => {
    if (first === 'locked') return [];
    const group = SETTINGS.some(({ name }) => name.startsWith(`${first}.`));
    if (!group || !isTable(value)) return [{ name: first, value }];
    return Object.entries(value).map(([second, inner]) => ({ name: `${first}.${second}`, value: inner }));
  });
}

function decodeLocked(value: unknown, where: ErrorPlace): Layer['locked'] {
  if (value === undefined || value === false) return undefined;
  if (value === true) return 'all';
  const names = Array.isArray(value) ? value : [value];
  for (const name of names) {
    if (typeof name === 'string' && SETTINGS.some((setting) => setting.name === name)) continue;
    const problem = typeof name === 'string' ? unknownProblem(name).problem : 'must be true or a list of names';
    throw invalidInFile('locked', problem, where);
  }
  return names as readonly string[];
}

function isLocked(organisation: Layer, name: string): boolean {
  return organisation.locked === 'all' || (organisation.locked?.includes(name) ?? false);
}

function valueIn(layer: Layer, name: string): readonly { readonly from: Origin; readonly decoded: unknown }[] {
  const found = layer.values.get(name);
  if (found === undefined) return [];
  return [{ from: { kind: 'file', file: layer.file, line: found.line }, decoded: found.decoded }];
}

/** An empty variable counts as unset. */
function valueInEnvironment(
  host: Host,
  setting: SettingRow,
): readonly { readonly from: Origin; readonly decoded: unknown }[] {
  const name = settingVariable(setting.name);
  const text = host.env[name];
  if (text === undefined || text === '') return [];
  const parsed = parseSetting(setting, text);
  if ('problem' in parsed) {
    throw new PolyenvError('settings-invalid', printable(`${name} ${parsed.problem}`), { hint: `unset ${name}` });
  }
  return [{ from: { kind: 'variable', name }, decoded: parsed.value }];
}

function findSetting(name: string): SettingRow {
  const setting = SETTINGS.find(
    (known) => known.name === name || (known.type === 'map' && name.startsWith(`${known.name}.`)),
  );
  if (setting !== undefined) return setting;
  throw new PolyenvError('settings-invalid', printable(`${quoted(name)} ${unknownProblem(name).problem}`), {
    hint: 'polyenv settings list',
  });
}

function changedValue(
  setting: SettingRow,
  change: { readonly entry: string | undefined; readonly text: string | undefined; readonly before: unknown },
): unknown {
  const { entry, text, before } = change;
  if (entry === undefined) return text === undefined ? undefined : accepted(setting, parseSetting(setting, text));
  const { [entry]: _old, ...others } = (before ?? {}) as Readonly<Record<string, unknown>>;
  const value = text === undefined ? others : { ...others, [entry]: text };
  return Object.keys(value).length === 0 ? undefined : accepted(setting, decodeSetting(setting, value));
}

function accepted({ name }: SettingRow, decoded: Decoded): unknown {
  if (!('problem' in decoded)) return decoded.value;
  throw new PolyenvError('settings-invalid', printable(`${name} ${decoded.problem}`), {
    hint: `polyenv settings get ${name}`,
  });
}

async function writePersonFile(file: string, name: string, value: unknown): Promise<void> {
  const folder = join(file, '..');
  await ensureFolder(folder);
  const parent = parentOf(name);
  const flat = parent !== undefined;
  const { default: Conf } = await import('conf');
  const store = new Conf<Record<string, unknown>>({
    projectName: 'polyenv',
    projectSuffix: '',
    cwd: folder,
    configName: 'settings',
    fileExtension: 'json',
    clearInvalidConfig: false,
    // Mirrors may carry a password.
    configFileMode: 0o600,
    accessPropertiesByDotNotation: !flat,
  });
  if (flat) spread(store, parent);
  if (value === undefined) store.delete(name);
  else store.set(name, value);
}

/** `store` is a setting, and so is `store.mode`: it cannot stand within the other and has its dotted name as its key. */
function parentOf(name: string): string | undefined {
  const [first = ''] = name.split('.');
  const isParent = SETTINGS.some((setting) => setting.name.startsWith(`${first}.`));
  return isParent && SETTINGS.some((setting) => setting.name === first) ? first : undefined;
}

/** What a person wrote as nesting, where the outer name is to get a value of its own. */
function spread(store: { store: Record<string, unknown> }, parent: string): void {
  const { [parent]: nested, ...others } = store.store;
  if (!isTable(nested)) return;
  const members = Object.entries(nested).map(([key, value]) => [`${parent}.${key}`, value]);
  store.store = { ...others, ...Object.fromEntries(members) };
}

/** By the names in their order: exact enough for a message, and without a second parser. */
function lineOfName(text: string, name: string): number {
  const whole = text.includes(JSON.stringify(name)) ? [name] : name.split('.');
  const names = SETTINGS.some((setting) => setting.name === name) || name.includes('.') ? whole : [name];
  let offset = 0;
  for (const part of names) {
    const found = text.indexOf(JSON.stringify(part), offset);
    if (found === -1) break;
    offset = found;
  }
  return text.slice(0, offset).split('\n').length;
}

/** Node says the position in two ways, or not at all for an end that came too early. */
function lineOfFault(text: string, error: Error): number {
  const position = /position (\d+)/.exec(error.message)?.[1];
  return text.slice(0, position === undefined ? text.length : Number(position)).split('\n').length;
}

function unknownProblem(name: string): { readonly problem: string } {
  const near = nearestName(
    name,
    SETTINGS.map((setting) => setting.name),
  );
  return { problem: `is no setting${near === undefined ? '' : `; did you mean ${near}?`}` };
}

function invalidInFile(name: string, problem: string, where: ErrorPlace): PolyenvError {
  return new PolyenvError('settings-invalid', printable(`${/^[\w.]+$/.test(name) ? name : quoted(name)} ${problem}`), {
    where,
    hint: 'fix the line; for all settings: polyenv help settings',
  });
}

function misplacedLock(person: Layer): PolyenvError {
  const where = { file: person.file, line: lineOfName(person.text, 'locked') };
  return invalidInFile('locked', "belongs into the organisation's file only", where);
}

function lockedError(name: string, from: Origin, organisation: Layer): PolyenvError {
  const line = organisation.values.get(name)?.line;
  const hint =
    from.kind === 'variable'
      ? `unset ${from.name}`
      : from.kind === 'file'
        ? `polyenv settings unset ${name}`
        : undefined;
  const where = { file: organisation.file, ...present({ line }) };
  const by = from.kind === 'variable' ? from.name : from.kind === 'file' ? from.file : 'that value';
  return new PolyenvError('settings-locked', `${name} is fixed by the organisation, and ${by} would loosen it`, {
    where,
    hint: hint ?? `polyenv settings get ${name}`,
  });
}
