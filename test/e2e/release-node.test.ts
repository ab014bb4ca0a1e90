import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { obtainNodes } from '../../scripts/release/node';
import { discard } from '../support/discard';

const root = resolve(import.meta.dirname, '../..');
const PLATFORM = `${process.platform}-${process.arch}`;

test('the Node of a release is the one that its lock names, with its licence', async ({ skip }) => {
  const work = mkdtempSync(join(tmpdir(), 'polyenv-release-node-'));
  try {
    const made = await obtainNodes({ root, work, platforms: [PLATFORM] }).catch(
      (error: { readonly status?: number }) => {
        // A registry that cannot be reached: exit 5.
        if (error.status === 5) return undefined;
        throw error;
      },
    );
    if (made === undefined) return skip('no registry gives the Node of scripts/release/polyenv.lock here');
    expect(made.gaps).toEqual([]);
    const [node] = made.platforms;
    if (node === undefined) throw new Error(`no Node for ${PLATFORM}`);
    const version = execFileSync(join(node.folder, 'bin/node'), ['--version'], { encoding: 'utf8' });
    expect(version.trim()).toBe(`v${node.version}`);
    expect(readFileSync(join(node.folder, 'LICENSE'), 'utf8')).toContain('Node.js is licensed for use as follows');
    expect(existsSync(join(node.folder, 'lib'))).toBe(false);
  } finally {
    await discard(work);
  }
});
