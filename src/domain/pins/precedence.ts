import type { Pin, RequestOption } from '../runtime/runtime';
import type { RequestOptions, ToolRequest } from '../versions/request';
import type { VersionScheme } from '../versions/scheme';
import { parseToolRequest, type Requestable } from '../versions/tool-request';
import type { Version } from '../versions/version';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import { quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';

/** What one line of one file says about one runtime. */
export interface Saying {
  /** Absolute. */
  readonly file: string;
  readonly folder: string;
  /** `manifest` is polyenv's own file, `own` the ecosystem's, `shared` one that pins any runtime. */
  readonly kind: 'manifest' | 'own' | 'shared';
  readonly strength: Pin['strength'];
  /** From 1; absent where the file as a whole cannot be read. */
  readonly line?: number;
  /** As written, the first being the default; empty where only options are given. */
  readonly requests: readonly string[];
  readonly vendor?: string;
  readonly options: RequestOptions;
  readonly atLeast: boolean;
  /** See `Pin.nearest`. */
  readonly nearest?: true;
  /** The first of the requests, understood. */
  readonly request?: ToolRequest;
  /** Why it cannot be honoured. */
  readonly fault?: PolyenvError;
  /** The caller's variable through which the file says it. */
  readonly through?: string;
  /** See `PinReading.boundary`. */
  readonly boundary?: true;
}

/** A saying that does not decide, and why not. */
export interface Alternative {
  readonly saying: Saying;
  readonly why: string;
}

export interface Verdict {
  /** Absent where nothing decides. One with a `fault` decides that it is an error. */
  readonly chosen?: Saying;
  /** Of the chosen one, options of files without a version included. */
  readonly request?: ToolRequest;
  readonly why: string;
  readonly alternatives: readonly Alternative[];
  /** Pins of the chosen one's folder that no version can satisfy together with it. */
  readonly disagreements: readonly Saying[];
  /** Floors and ranges that the chosen version is to be checked against. */
  readonly floors: readonly Saying[];
  /** Those of the floors that no version can satisfy together with the chosen request: seen without any release. */
  readonly contradicted: readonly Saying[];
  /** Broken files that decide nothing, and contradictions that can be seen without knowing any release. */
  readonly warnings: readonly string[];
}

/** What `decide` must know of a runtime. */
export type Decidable = Requestable & { readonly options?: readonly RequestOption[] };

/**
 * Which of the sayings decides. They come nearest folder first, and in one folder in the order of precedence. The
 * nearest pin decides; floors only where there is none, the nearest first. What cannot be honoured is an error where it
 * would have decided, and never gives way to the next.
 */
export function decide(runtime: Decidable, sayings: readonly Saying[]): Verdict {
  const pins = sayings.filter((one) => one.strength === 'pin' && (one.fault !== undefined || one.requests.length > 0));
  const floors = sayings.filter((one) => one.strength === 'floor');
  const pin = pins[0];
  const fence = pin === undefined ? undefined : fenceOf(runtime, pin, floors);
  const chosen = fence ?? pin ?? floors[0];
  const extra = sayings.filter((one) => one.requests.length === 0 && one.fault === undefined);
  const options = Object.assign({}, ...extra.toReversed().map((one) => one.options), chosen?.options) as RequestOptions;
  const disagreements =
    chosen === undefined
      ? []
      : pins.filter((one) => one !== chosen && one.folder === chosen.folder && disagree(runtime, chosen, one));
  const others = sayings.filter((one) => one !== chosen);
  const checked = floors.filter((one) => one.request !== undefined && one !== chosen);
  const contradicted = chosen === undefined ? [] : checked.filter((one) => isContradicted(runtime.scheme, one, chosen));
  return {
    ...present({ chosen }),
    ...(chosen?.request !== undefined && { request: { ...askedBy(chosen, chosen.request), options } }),
    why: chosen === undefined ? 'nothing pins it' : whyChosen(chosen, { fence, sayings }),
    alternatives: others.map((saying) => ({ saying, why: whyNot(saying, { chosen, fence }) })),
    disagreements,
    floors: checked,
    contradicted,
    warnings: [
      ...(fence !== undefined && pin !== undefined ? [fenceWarning(fence, pin)] : []),
      ...(chosen === undefined ? [] : contradicted.map((floor) => floorWarning(runtime.id, floor, chosen))),
      ...others.flatMap(({ fault }) => (fault === undefined || fault === chosen?.fault ? [] : [faultWarning(fault)])),
      ...(chosen === undefined ? extra.map((one) => optionsWarning(runtime.id, one)) : []),
    ],
  };
}

/** What a floor comes to as a request: everything from there up, or its range. */
function askedBy({ strength, atLeast, nearest }: Saying, request: ToolRequest): ToolRequest {
  if (strength === 'pin') return request;
  const { version } = request;
  const floor = nearest ? 'nearest' : 'newest';
  if (!atLeast) return version.kind === 'range' ? { ...request, floor } : request;
  const least =
    version.kind === 'prefix' ? version.numbers.join('.') : version.kind === 'exact' ? version.version : undefined;
  if (least === undefined) return request;
  const text = `>=${least}`;
  return { ...request, text, version: { kind: 'range', text }, floor };
}

/** The text of a file as a request of the runtime. Throws what `parseToolRequest` throws, and for options that the runtime does not have. */
export function understand(
  runtime: Decidable,
  said: { readonly text: string; readonly vendor?: string; readonly options: RequestOptions },
): ToolRequest {
  const request = parseToolRequest(`${runtime.id}@${said.text}`, () => runtime);
  const vendor = said.vendor ?? request.vendor;
  if (said.vendor !== undefined && request.vendor !== undefined && said.vendor !== request.vendor) {
    throw new PolyenvError('request-invalid', `the version says ${request.vendor} and the vendor is ${said.vendor}`);
  }
  return { ...request, ...present({ vendor }), options: { ...request.options, ...said.options } };
}

/** Whether a version that exists answers a floor or range. */
export function answersFloor(
  scheme: VersionScheme,
  floor: Pick<Saying, 'request' | 'atLeast'>,
  version: Version,
): boolean {
  const wanted = floor.request?.version;
  if (wanted === undefined) return true;
  if (!floor.atLeast) return scheme.matches(wanted, { version });
  const least =
    wanted.kind === 'exact' ? wanted.version : wanted.kind === 'prefix' ? wanted.numbers.join('.') : undefined;
  const lowest = least === undefined ? undefined : lowestOf(scheme, least);
  return lowest === undefined || scheme.compare(version, lowest) >= 0 || scheme.matches(wanted, { version });
}

/** A prefix as the version that it begins with: `1.85` is 1.85.0. */
function lowestOf(scheme: VersionScheme, text: string): Version | undefined {
  return scheme.version(text) ?? scheme.version(`${text}.0`) ?? scheme.version(`${text}.0.0`);
}

/** A project's own floor that a pin of its ecosystem further up contradicts: that pin is not this project's. */
function fenceOf(runtime: Decidable, pin: Saying, floors: readonly Saying[]): Saying | undefined {
  if (pin.kind !== 'own') return undefined;
  return floors.find(
    (floor) => floor.boundary && floor.folder !== pin.folder && isContradicted(runtime.scheme, floor, pin),
  );
}

function isContradicted(scheme: VersionScheme, floor: Saying, pin: Saying): boolean {
  const versions = pin.request === undefined ? [] : samples(scheme, pin.request);
  return versions.length > 0 && !versions.some((version) => answersFloor(scheme, floor, version));
}

/** Whether the two cannot both be answered by one version, as far as that shows without a list of releases. */
function disagree({ scheme }: Decidable, a: Saying, b: Saying): boolean {
  if (a.request === undefined || b.request === undefined) return false;
  const { vendor = a.request.vendor } = b.request;
  if (a.request.vendor !== undefined && a.request.vendor !== vendor) return true;
  const [left, right] = [a.request, b.request];
  const versions = [...samples(scheme, left), ...samples(scheme, right)];
  if (left.version.kind === 'range' && right.version.kind === 'range') return false;
  const named = [left, right].find(
    ({ version }) => version.kind === 'channel' || version.kind === 'latest' || version.kind === 'system',
  );
  if (named !== undefined) return nameOf(left) !== nameOf(right);
  return !versions.some((version) => [left, right].every((one) => scheme.matches(one.version, { version })));
}

function nameOf({ version, text }: ToolRequest): string {
  return version.kind === 'channel'
    ? version.name
    : version.kind === 'latest' || version.kind === 'system'
      ? version.kind
      : text;
}

/** Versions that the request means, as many as tell it from others: for a prefix some of each line below it. */
function samples(scheme: VersionScheme, { version }: ToolRequest): readonly Version[] {
  if (version.kind === 'exact') return [version.version];
  if (version.kind !== 'prefix') return [];
  const [major = 0, ...rest] = version.numbers;
  const minors = rest[0] === undefined ? range(60) : [rest[0]];
  const patches = rest[1] === undefined ? [...range(30), 99, 999] : [rest[1]];
  const numbers = minors.flatMap((minor) => patches.map((patch) => [major, minor, patch, ...rest.slice(2)]));
  return numbers.flatMap((parts) => scheme.version(parts.join('.')) ?? []);
}

function range(end: number): readonly number[] {
  return Array.from({ length: end }, (_, index) => index);
}

function whyChosen(
  chosen: Saying,
  { fence, sayings }: { readonly fence: Saying | undefined; readonly sayings: readonly Saying[] },
): string {
  if (fence !== undefined) return 'a project begins here, and the pin above contradicts its range';
  if (chosen.strength === 'floor') return 'a floor, and nothing pins';
  const beside = sayings.some((one) => one !== chosen && one.folder === chosen.folder && one.strength === 'pin');
  return beside ? 'the first in order of the nearest folder that pins' : 'the nearest folder that pins';
}

function whyNot(
  { strength, folder, requests, fault }: Saying,
  { chosen, fence }: { readonly chosen: Saying | undefined; readonly fence: Saying | undefined },
): string {
  if (requests.length === 0 && fault === undefined) return 'it names no version: only its options are added';
  if (chosen === undefined) return 'it cannot be honoured';
  if (fence !== undefined) return 'it contradicts the range of the project below it';
  if (strength === 'floor' && chosen.strength === 'pin') return 'a floor decides only where nothing pins';
  return folder === chosen.folder ? `${baseName(chosen.file)} comes before it` : 'a nearer folder decides';
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function placeOf({ file, line }: Pick<Saying, 'file' | 'line'>): string {
  return line === undefined ? file : `${file}:${line}`;
}

function faultWarning({ message, where }: PolyenvError): string {
  return where === undefined ? message : `${placeOf({ ...where })}: ${message} (another file decides)`;
}

function floorWarning(tool: ToolId, floor: Saying, chosen: Saying): string {
  const [asked = '', wanted = ''] = [chosen.requests[0], floor.requests[0]];
  return `${placeOf(chosen)} asks for ${tool} ${asked}, and ${placeOf(floor)} wants ${wanted}${floor.atLeast ? ' or newer' : ''}`;
}

function fenceWarning(fence: Saying, pin: Saying): string {
  return `${placeOf(pin)} asks for ${quoted(pin.requests[0] ?? '')}, which ${placeOf(fence)} excludes: that one decides here`;
}

function optionsWarning(tool: ToolId, saying: Saying): string {
  return `${placeOf(saying)} names no version of ${tool}, and nothing else does: polyenv use ${tool}@VERSION`;
}
