import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { discard } from '../support/discard';
import { foundInputs, fuzz, tryInput } from './fuzz';
import { TARGETS } from './fuzz-targets';

/** Some hundred milliseconds each, always the same inputs as far as they get: `npm run fuzz` takes as long as one likes. */
const MILLISECONDS = 400;

describe('whatever outsiders say is answered or refused', () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))('%s', async (_, target) => {
    for (const seed of target.seeds) expect(await once(target, Buffer.from(seed))).toBeUndefined();
    const tried = await fuzz(target, { seed: 1, milliseconds: MILLISECONDS });
    expect(
      tried.fault === undefined ? undefined : [tried.fault.why, tried.fault.input.toString('base64')],
    ).toBeUndefined();
    expect(tried.inputs).toBeGreaterThan(0);
  });

  it('notices a reader that fails otherwise, hangs, or writes elsewhere', async () => {
    const bad = (run: () => void) => ({ name: 'bad', seeds: ['x'], run });
    expect(
      await once(
        bad(() => {
          throw new TypeError('undefined is not a function');
        }),
        Buffer.from(''),
      ),
    ).toContain('TypeError');
    expect(
      (
        await fuzz(
          bad(() => {
            throw new RangeError('deep');
          }),
          { seed: 1, milliseconds: 50 },
        )
      ).fault?.why,
    ).toContain('RangeError');
  });
});

describe('what was found once', () => {
  const found = foundInputs();
  it.skipIf(found.length === 0)('stays fixed', async () => {
    for (const { target: name, file } of found) {
      const target = TARGETS.find((one) => one.name === name);
      if (target === undefined) throw new Error(`no target is called ${name}`);
      expect([file, await once(target, readFileSync(file))]).toEqual([file, undefined]);
    }
  });
});

async function once(target: (typeof TARGETS)[number], input: Buffer): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-fuzz-'));
  try {
    return await tryInput(target, input, folder);
  } finally {
    discard(folder);
  }
}
