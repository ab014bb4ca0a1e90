import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { SERVICE_KEYS, TASK_KEYS, TOP_KEYS } from '../../src/domain/project/manifest-schema';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const validate = new Ajv({ strict: false }).compile(JSON.parse(text('docs/reference/polyenv.schema.json')) as object);

/** Why the schema refuses a manifest; empty if it does not. */
function faults(manifest: string): readonly string[] {
  return validate(parse(manifest)) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message}`);
}

const examples = [...text('docs/reference/manifest.md').matchAll(/^```toml\n([\s\S]*?)^```/gm)].map(([, one]) => one);
const templates = readdirSync(join(root, 'templates'), { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('/polyenv.toml'),
);

describe('the schema for editors', () => {
  it.each(examples)('takes an example of the reference (%#)', (example) => {
    expect(faults(example ?? '')).toEqual([]);
  });

  it.each(templates)('takes the manifest of templates/%s', (path) => {
    const filled = text(join('templates', path)).replace(/\{\{\s*[\w.-]+\s*\}\}/g, '8080');
    expect(faults(filled)).toEqual([]);
  });

  it.each([
    'unknown = 1',
    '[runtimes]\nnode = 20',
    '[runtimes]\ncobol = "1"',
    '[tasks.a]\nrunn = "x"',
    '[services.db]\nversion = "17"',
    '[services.db]\nuse = "postgres"\nport = 80',
    '[env]\nA = 1',
    '[paths]\nbefore = ["x"]',
    'isolation = "none"',
  ])('refuses %j', (manifest) => {
    expect(faults(manifest)).not.toEqual([]);
  });

  it('has every key that the reference explains, and none besides', () => {
    const page = text('docs/reference/manifest.md');
    for (const { name } of [...TASK_KEYS, ...SERVICE_KEYS]) expect(page).toContain(`| \`${name}\` |`);
    for (const { name } of TOP_KEYS) expect(page).toMatch(new RegExp(`\`\\[?${name}\\]?\``));
  });
});
