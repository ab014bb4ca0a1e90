import { isTable } from '../formats/document-value';
import { quoted } from '../words/printable';
import type { Setting } from './settings';

/** A setting's value, decoded, or what is wrong with it: completes "NAME ...". No value of a map is quoted: it may hold a password. */
export type Decoded = { readonly value: unknown } | { readonly problem: string };

/** As it stands in `settings.json`. */
export function decodeSetting(setting: Setting, value: unknown): Decoded {
  const { type } = setting;
  if (type === 'boolean') return typeof value === 'boolean' ? { value } : { problem: 'must be true or false' };
  if (type === 'integer') return decodeInteger(setting, value);
  if (type === 'text') return typeof value === 'string' ? decodeWord(setting, value) : { problem: 'must be a text' };
  if (type === 'list') return decodeList(setting, value);
  if (type === 'map') return decodeMap(setting, value);
  const word = typeof value === 'string' ? (setting.formerly?.[value] ?? value) : undefined;
  return word !== undefined && type.includes(word) ? { value: word } : { problem: `must be one of ${type.join(', ')}` };
}

/** As it is written in a variable or on the command line: lists with white space between them, maps as `FROM=TO` pairs with white space between them. */
export function parseSetting(setting: Setting, text: string): Decoded {
  const words = text.trim() === '' ? [] : text.trim().split(/\s+/);
  switch (setting.type) {
    case 'boolean': {
      const word = text.trim().toLowerCase();
      if (TRUE.includes(word)) return { value: true };
      return FALSE.includes(word)
        ? { value: false }
        : { problem: 'must be 1 or 0, true or false, yes or no, on or off' };
    }
    case 'integer':
      return decodeSetting(setting, /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : undefined);
    case 'list':
      return decodeSetting(setting, words);
    case 'map': {
      const pairs = words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
      if (words.some((word) => word.indexOf('=') < 1))
        return { problem: 'must be FROM=TO pairs, separated by white space' };
      return decodeSetting(setting, Object.fromEntries(pairs));
    }
    default:
      return decodeSetting(setting, text.trim());
  }
}

/** Whether the value allows something that the organisation's does not. Both are decoded. */
export function loosens(setting: Setting, organisation: unknown, value: unknown): boolean {
  if (canonical(organisation) === canonical(value)) return false;
  const { strictest, type } = setting;
  if (typeof strictest === 'boolean') return value !== strictest;
  if (strictest === 'higher') return (value as number) < (organisation as number);
  if (strictest === 'first' || strictest === 'last') {
    const words = type as readonly string[];
    const step = words.indexOf(value as string) - words.indexOf(organisation as string);
    return strictest === 'first' ? step > 0 : step < 0;
  }
  if (strictest === 'fewer' || strictest === 'fewer-but-some') {
    const allowed = organisation as readonly string[];
    const wanted = value as readonly string[];
    if (strictest === 'fewer-but-some' && wanted.length === 0) return true;
    if (strictest === 'fewer-but-some' && allowed.length === 0) return false;
    return !wanted.every((word) => allowed.includes(word));
  }
  return true;
}

/** The order of a map's keys says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(isTable(value) ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) : value);
}

const TRUE = ['1', 'true', 'yes', 'on'];
const FALSE = ['0', 'false', 'no', 'off'];

/** Characters of one word, and members of one setting. */
const LONGEST = 2048;
const MOST = 1000;

function decodeInteger({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Setting, value: unknown): Decoded {
  const fits = Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
  return fits ? { value } : { problem: `must be a whole number from ${minimum} to ${maximum}` };
}

function decodeWord({ pattern, shape }: Setting, value: string): Decoded {
  if (value.length > LONGEST || /\p{Cc}/u.test(value)) return { problem: 'is too long or has control characters' };
  if (pattern?.test(value) === false) return { problem: `cannot be ${quoted(value)}: it must be ${shape}` };
  return { value };
}

function decodeList(setting: Setting, value: unknown): Decoded {
  if (!Array.isArray(value) || value.length > MOST || !value.every((word) => typeof word === 'string')) {
    return { problem: 'must be a list of texts' };
  }
  for (const word of value as readonly string[]) {
    const decoded = decodeWord(setting, word);
    if ('problem' in decoded) return decoded;
  }
  return { value: [...new Set(value as readonly string[])] };
}

function decodeMap({ pattern, keyPattern, shape }: Setting, value: unknown): Decoded {
  if (!isTable(value) || Object.keys(value).length > MOST) return { problem: 'must be an object of texts' };
  for (const [key, to] of Object.entries(value)) {
    if (keyPattern?.test(key) === false) return { problem: `cannot have the key ${quoted(key)}: it must be ${shape}` };
    const fits = typeof to === 'string' && to.length <= LONGEST && pattern?.test(to) !== false && !/\p{Cc}/u.test(to);
    if (!fits) return { problem: `has a wrong value for ${quoted(key)}: it must be ${shape}` };
  }
  return { value };
}
