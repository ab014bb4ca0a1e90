import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JsonFault } from '../../src/domain/formats/json-document';
import { XmlFault } from '../../src/domain/formats/xml-document';
import { PolyenvError } from '../../src/domain/words/errors';
import { discard } from '../support/discard';
import { TARGETS, type Target } from './fuzz-targets';

/**
 * `npm run fuzz -- [--seconds N] [--seed N] [TARGET...]`: feeds what outsiders may say, changed at random, to what reads it.
 * Whatever comes, the reader answers or refuses in its own words, soon, and touches nothing else. An input that makes it
 * do otherwise is kept in `test/fixtures/found`, which the tests feed again for ever.
 */
export const FOUND = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/found');

/** A reader that takes longer for some kilobytes hangs. */
export const PATIENCE = 3000;

export interface Tried {
  readonly target: string;
  readonly inputs: number;
  /** What an input made the reader do that it must not, and the input. */
  readonly fault?: { readonly input: Buffer; readonly why: string };
}

export async function fuzz(
  target: Target,
  options: { readonly seed: number; readonly milliseconds: number },
): Promise<Tried> {
  const random = generator(options.seed ^ hashOf(target.name));
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-fuzz-'));
  const seeds: readonly Buffer[] = target.seeds.map((seed) => Buffer.from(seed));
  const corpus: Buffer[] = [...seeds];
  try {
    const until = performance.now() + options.milliseconds;
    let inputs = 0;
    while (performance.now() < until) {
      const base = corpus[random(corpus.length)] ?? Buffer.alloc(0);
      const input = change(base, { random, others: corpus, tokens: target.tokens });
      const why = await tryInput(target, input, folder);
      inputs += 1;
      if (why !== undefined) return { target: target.name, inputs, fault: { input, why } };
      // Some changed ones are changed again, so that changes add up.
      if (random(40) === 0 && corpus.length < 200) corpus.push(input);
    }
    return { target: target.name, inputs };
  } finally {
    discard(folder);
  }
}

/** What the input made the reader do that it must not; `undefined` if it answered or refused. */
export async function tryInput(target: Target, input: Buffer, folder: string): Promise<string | undefined> {
  const started = performance.now();
  const canary = join(folder, 'canary');
  writeFileSync(canary, 'alive');
  const inner = join(folder, 'inner');
  mkdirSync(inner, { recursive: true });
  try {
    await target.run(input, inner);
  } catch (error) {
    const refusal = error instanceof PolyenvError || error instanceof JsonFault || error instanceof XmlFault;
    if (!refusal) return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    if (error.message.length > 2000) return `its refusal has ${error.message.length} characters`;
  } finally {
    discard(inner);
  }
  const took = performance.now() - started;
  if (took > PATIENCE) return `it took ${Math.round(took)} ms`;
  const left = readdirSync(folder).filter((name) => name !== 'canary');
  if (left.length > 0 || readFileSync(canary, 'utf8') !== 'alive')
    return `it touched what is not its own: ${left.join(', ')}`;
  return undefined;
}

/** Inputs that were found, by target. */
export function foundInputs(): readonly { readonly target: string; readonly file: string }[] {
  if (!existsSync(FOUND)) return [];
  return readdirSync(FOUND)
    .filter((name) => name.includes('--'))
    .map((name) => ({ target: name.split('--')[0] ?? '', file: join(FOUND, name) }));
}

type Random = (below: number) => number;

/** xorshift32: the same inputs for the same seed on every machine. */
function generator(seed: number): Random {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % Math.max(1, below);
  };
}

function hashOf(text: string): number {
  return createHash('sha256').update(text).digest().readInt32LE(0);
}

const LONGEST = 64 * 1024;
const NUMBERS = ['0', '-1', '1e309', '9007199254740993', '18446744073709551616', '00', '07', '0x10', '+1', '1_0'];
const TEXTS = [
  '',
  '\0',
  '\u202e',
  '\ufeff',
  '../../x',
  '$(id)',
  '-rf',
  '\n',
  '\r\n',
  '\u001b[2J',
  '__proto__',
  'constructor',
  '😀',
  '\ud800',
];

function change(
  base: Buffer,
  {
    random,
    others,
    tokens = [],
  }: { readonly random: Random; readonly others: readonly Buffer[]; readonly tokens: readonly string[] | undefined },
): Buffer {
  let input: Buffer = base;
  for (let times = 1 + random(4); times > 0; times -= 1) {
    const at = random(input.length + 1);
    const to = Math.min(input.length, at + 1 + random(random(4) === 0 ? 400 : 12));
    const [head, middle, tail] = [input.subarray(0, at), input.subarray(at, to), input.subarray(to)];
    const pick = <T>(list: readonly T[]): T | undefined => list[random(list.length)];
    switch (random(8)) {
      case 0: {
        const copy = Buffer.from(input);
        if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
        input = copy;
        break;
      }
      case 1:
        input = Buffer.concat([head, tail]);
        break;
      case 2:
        input = Buffer.concat([head, middle, middle, tail]);
        break;
      case 3:
        input = Buffer.concat([
          head,
          Buffer.from(pick(random(2) === 0 ? NUMBERS : TEXTS) ?? ''),
          random(2) === 0 ? tail : Buffer.concat([middle, tail]),
        ]);
        break;
      case 4:
        input = head;
        break;
      case 5: {
        const other = pick(others) ?? Buffer.alloc(0);
        const from = random(other.length + 1);
        input = Buffer.concat([head, other.subarray(from, from + random(300)), tail]);
        break;
      }
      case 6:
        input = Buffer.concat([head, Buffer.from((pick(tokens) ?? '[').repeat(random(6) === 0 ? 2000 : 1)), tail]);
        break;
      default:
        input = Buffer.concat([head, Buffer.from([random(256), random(256)]), tail]);
    }
  }
  return input.subarray(0, LONGEST);
}

async function main(words: readonly string[]): Promise<number> {
  const numberOf = (name: string, usual: number): number => {
    const index = words.indexOf(name);
    const value = Number(words[index + 1]);
    return index !== -1 && Number.isFinite(value) ? value : usual;
  };
  const seconds = numberOf('--seconds', 60);
  const seed = numberOf('--seed', Math.floor(Date.now() / 1000));
  const names = words.filter((word, index) => !word.startsWith('--') && !words[index - 1]?.startsWith('--'));
  const targets = TARGETS.filter(({ name }) => names.length === 0 || names.includes(name));
  let faults = 0;
  for (const target of targets) {
    const tried = await fuzz(target, { seed, milliseconds: (seconds * 1000) / targets.length });
    if (tried.fault === undefined) {
      console.log(`ok     ${target.name.padEnd(20)} ${tried.inputs} inputs`);
      continue;
    }
    faults += 1;
    mkdirSync(FOUND, { recursive: true });
    const name = `${target.name}--${createHash('sha256').update(tried.fault.input).digest('hex').slice(0, 12)}`;
    writeFileSync(join(FOUND, name), tried.fault.input);
    console.log(`FAULT  ${target.name.padEnd(20)} test/fixtures/found/${name}\n${tried.fault.why}`);
  }
  console.log(`seed ${seed}, ${seconds} s, ${faults} faults`);
  return faults === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
