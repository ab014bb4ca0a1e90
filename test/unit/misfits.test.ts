import { describe, expect, it } from 'vitest';
import { runtime as gradle } from '../../runtimes/gradle';
import { runtime as java } from '../../runtimes/java';
import { runtime as node } from '../../runtimes/node';
import { runtime as pnpm } from '../../runtimes/pnpm';
import { misfitsOf } from '../../src/app/routes/misfits';
import type { DecidedToolchain } from '../../src/app/toolchains/decided-toolchain';
import type { Runtime } from '../../src/domain/runtime/runtime';

const decided = (runtime: Runtime, version: string): DecidedToolchain =>
  ({
    runtime,
    toolchain: { version },
    decision: { tool: runtime.id, from: { kind: 'file', file: '/p/polyenv.toml', line: 3 } },
  }) as unknown as DecidedToolchain;

describe('a tool and the runtime that it runs on', () => {
  it.each([
    ['8.10', '23.0.1+11', undefined],
    ['8.10', '24.0.1+9', 'Gradle 8.10 runs on Java 8 to 23, and 24.0.1+9 is decided here'],
    ['8.5', '17.0.9+9', undefined],
    ['9.1.0', '11.0.25+9', 'Gradle 9.1.0 runs on Java 17 to 25, and 11.0.25+9 is decided here'],
    ['9.4.0', '30.0.1+1', undefined],
    ['7.6', '20.0.1+1', 'Gradle 7.6 runs on Java 8 to 19, and 20.0.1+1 is decided here'],
  ])('gradle %s on java %s', (tool, jdk, message) => {
    const found = misfitsOf([decided(gradle, tool), decided(java, jdk)]);
    expect(found.map((one) => one.message)).toEqual(message === undefined ? [] : [message]);
  });

  it('says where the other was decided and what fits', () => {
    expect(misfitsOf([decided(pnpm, '10.12.1'), decided(node, '16.20.2')])).toEqual([
      {
        message: 'pnpm 10.12.1 runs on Node.js 18 or newer, and 16.20.2 is decided here',
        where: '/p/polyenv.toml:3',
        hint: 'polyenv use node@18',
      },
    ]);
  });

  it('says nothing where the other is not decided', () => {
    expect(misfitsOf([decided(gradle, '8.10')])).toEqual([]);
  });
});
