import { expect, test } from 'vitest';
import { runtime } from '../../runtimes/java';
import type { Tree } from '../../src/domain/runtime/layout';
import type { Version } from '../../src/domain/versions/version';

const tree = (...files: string[]) => ({ has: (path: string) => files.includes(path) }) as unknown as Tree;
const listings = runtime.advice?.listings;

const ALL = [
  { version: '21.0.2+13' as Version, vendor: 'temurin', root: '/s/a & b', tree: tree('Contents/Home/bin') },
  { version: '17.0.15+6' as Version, root: '/usr/lib/jvm/x', tree: tree() },
];

test("Maven's toolchains name version, vendor and home", () => {
  const text = listings?.['maven-toolchains']?.(ALL) ?? '';
  expect(text).toContain('<version>21</version>\n      <vendor>temurin</vendor>');
  expect(text).toContain('<jdkHome>/s/a &#38; b/Contents/Home</jdkHome>');
  expect(text).toContain('<version>17</version>\n      <id>jdk-17.0.15+6</id>');
  expect(text.match(/<toolchain>/g)).toHaveLength(2);
});

test('Gradle is told the homes', () => {
  expect(listings?.['gradle-jdks']?.(ALL)).toMatch(
    /^org\.gradle\.java\.installations\.paths=\/s\/a & b\/Contents\/Home,\/usr\/lib\/jvm\/x$/m,
  );
});
