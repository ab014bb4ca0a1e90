import { join } from 'node:path';
import { readTextIfAny } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';

/** What the line to each server gave when something large was last fetched from it. */
export interface LineSpeeds {
  /** Bytes a second; `undefined` where it is not known, or too long ago. */
  last(host: string): number | undefined;
  /** Measures one transfer; several from one server at a time share its line. */
  open(host: string): LineMeter;
  /** Remembers what was measured. A home that cannot be written forgets it. */
  keep(): Promise<void>;
}

export interface LineMeter {
  /** Bytes that came, and how long they were waited for: what was spent on unpacking them says nothing of the line. */
  add(bytes: number, milliseconds: number): void;
  /** Of all transfers from the server together. */
  rate(): number;
  close(): void;
}

/** Only what was measured for so long, or over so much, is remembered. */
const WORTH = { milliseconds: 200, bytes: 2 * 2 ** 20 };
const LONGEST_MEMORY = 30 * 86_400_000;
const MOST_HOSTS = 64;

interface Line {
  open: number;
  bytes: number;
  milliseconds: number;
}

interface Kept {
  readonly rate: number;
  readonly when: number;
}

export async function openLineSpeeds({ cache, now }: { readonly cache: string; now(): Date }): Promise<LineSpeeds> {
  const file = join(cache, 'lines.json');
  const kept = await readKept(file);
  const lines = new Map<string, Line>();

  return {
    last: (host) => {
      const known = kept.get(host);
      const age = known === undefined ? 0 : now().getTime() - known.when;
      return known !== undefined && age >= 0 && age < LONGEST_MEMORY ? known.rate : undefined;
    },
    open: (host) => {
      const line = lines.get(host) ?? { open: 0, bytes: 0, milliseconds: 0 };
      lines.set(host, line);
      line.open += 1;
      return {
        add: (bytes, milliseconds) => {
          line.bytes += bytes;
          line.milliseconds += milliseconds / line.open;
        },
        rate: () => rateOf(line),
        close: () => {
          line.open -= 1;
        },
      };
    },
    keep: async () => {
      const when = now().getTime();
      let changed = false;
      for (const [host, line] of lines) {
        if (line.milliseconds < WORTH.milliseconds && line.bytes < WORTH.bytes) continue;
        kept.set(host, { rate: Math.round(rateOf(line)), when });
        changed = true;
      }
      if (!changed) return;
      const newest = [...kept].sort(([, a], [, b]) => b.when - a.when).slice(0, MOST_HOSTS);
      const text = `${JSON.stringify({ schema: 1, hosts: Object.fromEntries(newest) })}\n`;
      await writeAtomic(file, text).catch(() => undefined);
    },
  };
}

function rateOf({ bytes, milliseconds }: Line): number {
  return (bytes * 1000) / Math.max(1, milliseconds);
}

async function readKept(file: string): Promise<Map<string, Kept>> {
  try {
    const { schema, hosts } = JSON.parse((await readTextIfAny(file)) ?? '{}') as Record<string, unknown>;
    if (schema !== 1 || typeof hosts !== 'object' || !hosts) return new Map();
    return new Map(
      Object.entries(hosts).flatMap(([host, value]) => {
        const { rate, when } = (value ?? {}) as Record<string, unknown>;
        const isKnown = typeof rate === 'number' && rate > 0 && typeof when === 'number';
        return isKnown ? [[host, { rate, when }] as const] : [];
      }),
    );
  } catch {
    return new Map();
  }
}
