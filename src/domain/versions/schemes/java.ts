import satisfies from 'semver/functions/satisfies';
import validRange from 'semver/ranges/valid';
import { present } from '../../words/present';
import type { Release } from '../release';
import type { VersionRequest } from '../request';
import type { ListEntry, ParsedRequest, VersionScheme } from '../scheme';
import { type Version, versionFrom } from '../version';
import { ltsAmong, matchesLts, readLts } from './lts-lines';
import { compareNumbers, hasPrefix, readNumbers, readPrefix } from './numbers';
import { cleanRequest, invalidRequest, withoutForm } from './request-text';

/**
 * Java: versions by JEP 322 (`21.0.2+13`, `17.0.4.1+1`, `27-ea+32`) and before it (`8u412-b08` is `8.0.412+8`), vendors
 * in front as asdf, mise and setup-java write them (`temurin-21`) or behind as SDKMAN does (`21.0.2-tem`).
 *
 * `words` are further ones for vendors, each with the vendor that it stands for. A vendor's own name is a word for it too.
 */
export function javaSchemeWith(words: Readonly<Record<string, string>>): VersionScheme {
  const known: Vendors = new Map(Object.entries({ ...VENDORS, ...words }));
  const scheme: VersionScheme = {
    version: readVersion,
    compare: (a, b) => compareParts(readParts(a), readParts(b)),
    prerelease: (version) => readParts(version)?.early !== undefined,
    request: (text) => readRequest(known, withoutForm(cleanRequest(text))),
    matches: (request, release) => matches(known, request, release),
    among: (request, releases) => ltsAmong(scheme, request, releases),
    entries: (texts) => texts.map((text) => readEntry(known, text)),
    vendors: [...new Set(known.values())],
  };
  return scheme;
}

/** Word to vendor. */
type Vendors = ReadonlyMap<string, string>;

interface Parts {
  readonly numbers: readonly number[];
  /** `ea`, `beta`, `rc1`: not for general use. */
  readonly early?: string;
  readonly build?: number;
}

const MODERN = /^(\d+(?:\.\d+){0,6})(?:[-.](ea|beta|rc\d*|internal))?(?:[+.](?:b)?(\d+))?(?:[.-][0-9A-Za-z]+)*$/i;
const EIGHT = /^(\d+)u(\d+)(?:(?:-?b|\+)(\d+))?$/;
/** jenv writes `1.8.0.332` for `1.8.0_332`. */
const LEGACY = /^1\.([5-8])(?:\.0(?:[_.](\d+))?)?(?:-b(\d+))?$/;

function readVersion(text: string): Version | undefined {
  const parts = readParts(text.trim().replace(/^(?:jdk-?|v)(?=\d)/i, ''));
  if (parts === undefined) return undefined;
  const { numbers, early, build } = parts;
  return versionFrom(
    `${numbers.join('.')}${early === undefined ? '' : `-${early}`}${build === undefined ? '' : `+${build}`}`,
  );
}

function readParts(text: string): Parts | undefined {
  const [, feature, update, old] = EIGHT.exec(text) ?? oldForm(text);
  if (feature !== undefined) {
    const numbers = update === undefined ? [Number(feature)] : [Number(feature), 0, Number(update)];
    return old === undefined ? { numbers } : { numbers, build: Number(old) };
  }
  const match = MODERN.exec(text);
  const numbers = readNumbers(match?.[1] ?? '');
  if (numbers === undefined) return undefined;
  const early = match?.[2]?.toLowerCase();
  const build = match?.[3] === undefined ? undefined : Number(match[3]);
  // Semver has three numbers, so that there a fourth one is carried by the build: 21.0.12+101 is 21.0.12.1+1.
  if (build !== undefined && build > 100 && numbers.length === 3 && early === undefined) {
    return { numbers: [...numbers, Math.floor(build / 100)], build: build % 100 };
  }
  return { numbers, ...present({ early, build }) };
}

function oldForm(text: string): readonly (string | undefined)[] {
  return LEGACY.exec(text) ?? [];
}

function compareParts(a: Parts | undefined, b: Parts | undefined): number {
  const finality = (parts: Parts | undefined) => (parts?.early === undefined ? 1 : 0);
  return (
    compareNumbers(a?.numbers ?? [], b?.numbers ?? []) ||
    finality(a) - finality(b) ||
    (a?.build ?? -1) - (b?.build ?? -1) ||
    ((a?.early ?? '') < (b?.early ?? '') ? -1 : Number((a?.early ?? '') > (b?.early ?? '')))
  );
}

/**
 * Other spellings of vendors: SDKMAN's suffixes (https://sdkman.io/jdks), and the names of asdf-java, setup-java, mise and
 * Foojay (https://github.com/foojayio/discoapi#distributions). jenv puts `64` behind them.
 */
const VENDORS: Readonly<Record<string, string>> = {
  tem: 'temurin',
  adoptium: 'temurin',
  adoptopenjdk: 'temurin',
  adopt: 'temurin',
  'adopt-hotspot': 'temurin',
  aoj: 'temurin',
  eclipse: 'temurin',
  'eclipse-temurin': 'temurin',
  amzn: 'corretto',
  amazon: 'corretto',
  'amazon-corretto': 'corretto',
  amazoncorretto: 'corretto',
  azul: 'zulu',
  'azul-zulu': 'zulu',
  librca: 'liberica',
  bellsoft: 'liberica',
  nik: 'liberica-nik',
  liberica_nik: 'liberica-nik',
  liberica_native: 'liberica-nik',
  ms: 'microsoft',
  open: 'openjdk',
  openjdk64: 'openjdk',
  sem: 'semeru',
  'semeru-openj9': 'semeru',
  ibm: 'semeru',
  sapmchn: 'sapmachine',
  sap: 'sapmachine',
  sap_machine: 'sapmachine',
  jbr: 'jetbrains',
  jbrsdk: 'jetbrains',
  albba: 'dragonwell',
  alibaba: 'dragonwell',
  tencent: 'kona',
  graal: 'graalvm',
  'oracle-graalvm': 'graalvm',
  'graalvm-oracle': 'graalvm',
  graalce: 'graalvm-community',
  'graalvm-ce': 'graalvm-community',
  graalvm_community: 'graalvm-community',
  oracle_open_jdk: 'openjdk',
  'oracle-openjdk': 'openjdk',
  bsg: 'bisheng',
  zulu: 'zulu',
  oracle: 'oracle',
  kona: 'kona',
  mandrel: 'mandrel',
  trava: 'trava',
  gln: 'gluon',
};

/** Builds that are named between vendor and version. */
const VARIANTS = ['jre', 'javafx', 'crac', 'musl', 'lite'];

/** Other words for them: Liberica's full JDK is the one with JavaFX. */
const VARIANT_WORDS: Readonly<Record<string, string>> = { fx: 'javafx', full: 'javafx' };

function variantOf(word: string): string | undefined {
  const name = Object.hasOwn(VARIANT_WORDS, word) ? VARIANT_WORDS[word] : word;
  return VARIANTS.find((one) => one === name);
}

interface Named {
  readonly rest: string;
  readonly vendor?: string;
  readonly variant?: string;
}

const FRONT = /^([<>=~^ ]*)([a-z][a-z0-9_]*(?:[-+][a-z][a-z0-9_]*)*)[-@](?=\d|latest$|lts(?:$|[/-]))(.*)$/;
const BEHIND = /^(\d[0-9a-z.+_-]*?|latest|lts)(?:[.-](fx|crac|jre|javafx))?(?:-([a-z]+))?$/;

function takeName(known: Vendors, text: string): Named {
  const front = FRONT.exec(text);
  if (front !== null) {
    const [, operator = '', name = '', rest = ''] = front;
    const words = name.split(/[-+]/).filter((word) => word !== 'jdk');
    const [, version = rest, behind] = /^(\d.*)-(jre|javafx|fx)$/.exec(rest) ?? [];
    const variant = [...words, behind ?? ''].flatMap((word) => variantOf(word) ?? []).join('-');
    const vendor = words.filter((word) => variantOf(word) === undefined).join('-');
    return {
      rest: `${operator}${version}`,
      ...(vendor !== '' && { vendor: vendorOf(known, vendor) }),
      ...(variant !== '' && { variant }),
    };
  }
  const [, version = '', build = '', suffix] = BEHIND.exec(text) ?? [];
  const variant = variantOf(build);
  const named = suffix !== undefined && isVendor(known, suffix) ? vendorOf(known, suffix) : undefined;
  if (named === undefined && (suffix !== undefined || variant === undefined)) return { rest: text };
  return { rest: version, ...present({ vendor: named, variant }) };
}

function isVendor(known: Vendors, name: string): boolean {
  return known.has(name) || [...known.values()].includes(name);
}

function vendorOf(known: Vendors, name: string): string {
  const bare = isVendor(known, name) ? name : name.replace(/64$/, '');
  return known.get(bare) ?? (isVendor(known, bare) ? bare : name);
}

function readRequest(known: Vendors, written: string): ParsedRequest {
  const text = written.toLowerCase();
  if (text.includes('||')) return readAlternatives(known, written, text);
  if (isVendor(known, text)) {
    return { version: { kind: 'latest' }, vendor: vendorOf(known, text) };
  }
  if (/^[a-z][a-z0-9_-]*[-@]$/.test(text)) {
    throw invalidRequest(
      written,
      'after the vendor a version is missing',
      `${text.slice(0, -1)}-21, or the vendor alone`,
    );
  }
  const { rest, ...named } = takeName(known, text);
  return {
    version: readVersionRequest(written, named.vendor === undefined ? rest : withoutOwnNumbers(named.vendor, rest)),
    ...named,
  };
}

/**
 * Vendors put numbers of their own behind Java's: `17.0.13.0.13+11` of Dragonwell and `17.0.15.6.1` of Corretto are builds
 * of 17.0.13 and 17.0.15, and Corretto's `8.432.06.1` is one of 8u432. Semeru names its OpenJ9 besides.
 */
function withoutOwnNumbers(vendor: string, written: string): string {
  const text = written.replace(/_openj9-[\d.]+(?:-[a-z0-9]+)*$/, '').replace(/^(\d+(?:\.\d+)*\+\d+)\.\d+$/, '$1');
  // JetBrains counts its builds behind Java's numbers: 21.0.3-b465.3.
  const behind = vendor === 'jetbrains' ? /^(\d+(?:\.\d+)*)-?b(\d+(?:\.\d+)?)$/.exec(text) : null;
  if (behind !== null) return `${behind[1]}.${behind[2]}`;
  const eight = vendor === 'corretto' ? /^8\.(\d{2,3})\.\d+\.\d+$/.exec(text)?.[1] : undefined;
  if (eight !== undefined) return `8.0.${eight}`;
  return /^(\d+\.\d+\.\d+)\.\d+\.\d+(?:\.\d+)*(?:\+\d+)?$/.exec(text)?.[1] ?? text;
}

function readVersionRequest(written: string, rest: string): VersionRequest {
  const text = rest.trim().replace(/^(?:jdk-?|v)(?=\d)/, '');
  if (['latest', 'stable', '*', 'x'].includes(text)) return { kind: 'latest' };
  if (text === 'system') return { kind: 'system' };
  const lts = readLts(text);
  if (lts !== undefined) return lts;
  const early = /^(\d+(?:\.\d+)*)[-.]ea$/.exec(text)?.[1];
  if (early !== undefined) return { kind: 'channel', name: `${early}-ea` };
  const legacy = EIGHT.test(text) || LEGACY.test(text) ? readParts(text) : undefined;
  const numbers = legacy?.build === undefined ? (legacy?.numbers ?? readPrefix(text)) : undefined;
  if (numbers !== undefined && numbers.length > 0) return { kind: 'prefix', numbers };
  const exact = legacy !== undefined || /^\d[\d.]*(?:[-.]ea[-.\d]|(?:-[a-z]+)?\+\d)/.test(text);
  const version = exact ? readVersion(text) : undefined;
  if (version !== undefined) return { kind: 'exact', version };
  if (/[<>=~^ ]/.test(text) && validRange(text) !== null) return { kind: 'range', text };
  throw invalidRequest(
    written,
    'it is neither a version of Java (21, 21.0.2, 21.0.2+13, 27-ea), nor lts or latest, nor a range, with or without a vendor',
  );
}

/** `temurin-17 || temurin-21`. Alternatives of several vendors keep them in their text. */
function readAlternatives(known: Vendors, written: string, text: string): ParsedRequest {
  const alternatives = text.split('||').map((part) => takeName(known, part.trim()));
  for (const { rest } of alternatives) {
    if (rest === '' || validRange(rest) === null) throw invalidRequest(written, `${JSON.stringify(rest)} is no range`);
  }
  const [first] = alternatives;
  const one = alternatives.every(({ vendor }) => vendor === first?.vendor);
  const ranges = alternatives.map(({ rest, vendor }) => (one || vendor === undefined ? rest : `${vendor}-${rest}`));
  const version: VersionRequest = { kind: 'range', text: ranges.join(' || ') };
  return one && first?.vendor !== undefined ? { version, vendor: first.vendor } : { version };
}

function matches(known: Vendors, request: VersionRequest, release: Release): boolean {
  const parts = readParts(release.version);
  if (parts === undefined) return false;
  const early = release.prerelease ?? parts.early !== undefined;
  switch (request.kind) {
    case 'latest':
      return !early;
    case 'prefix':
      return !early && (hasPrefix(parts.numbers, request.numbers) || hasOwnNumber(release, request.numbers));
    case 'channel': {
      if (request.name.startsWith('lts')) return !early && matchesLts(request.name, release);
      return early && hasPrefix(parts.numbers, readNumbers(request.name.replace(/-ea$/, '')) ?? []);
    }
    case 'range':
      return matchesRange(known, request.text, { release, parts });
    case 'exact': {
      const wanted = readParts(request.version);
      const whole = wanted?.build === undefined ? { ...parts, build: -1 } : parts;
      return compareParts(whole, wanted) === 0;
    }
    case 'system':
      return false;
  }
}

/** Azul counts its Zulu by itself, and mise writes that: `zulu-17.44.53`. Of the JDK the second number has always been 0. */
function hasOwnNumber({ own }: Release, asked: readonly number[]): boolean {
  const numbers = (asked[1] ?? 0) > 0 || asked.length > 3 ? readNumbers(own ?? '') : undefined;
  return numbers !== undefined && hasPrefix(numbers, asked);
}

function matchesRange(
  known: Vendors,
  text: string,
  found: { readonly release: Release; readonly parts: Parts },
): boolean {
  const [feature = 0, interim = 0, update = 0] = found.parts.numbers;
  const version = `${feature}.${interim}.${update}${found.parts.early === undefined ? '' : '-ea'}`;
  return text.split('||').some((part) => {
    const { rest, vendor } = takeName(known, part.trim());
    return (vendor === undefined || vendor === found.release.vendor) && satisfies(version, rest);
  });
}

/** Lines that the JDK's own roadmap calls long-term, for lists that do not say. */
const LONG_TERM = [8, 11, 17, 21, 25];

function readEntry(known: Vendors, text: string): ListEntry | undefined {
  const { rest, vendor, variant } = takeName(known, text.trim().toLowerCase());
  const version = readVersion(rest);
  if (version === undefined) return undefined;
  const longTerm = LONG_TERM.includes(readParts(version)?.numbers[0] ?? 0);
  return {
    release: {
      version,
      ...present({ vendor, variant }),
      ...(longTerm && { lts: '' }),
    },
  };
}

/** With the vendors alone that other tools know. */
export const javaScheme: VersionScheme = javaSchemeWith({});
