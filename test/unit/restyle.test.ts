import { describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/domain/runtime/runtime';
import type { Release } from '../../src/domain/versions/release';
import { isMoving, lineBeyond, restyle } from '../../src/domain/versions/restyle';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { RUNTIMES } from '../support/pin-project';

const asked = (text: string) => {
  const runtime = RUNTIMES.find(({ id }) => text.startsWith(`${id}@`)) as Runtime;
  return { runtime, request: parseToolRequest(text, () => runtime) };
};
const release = (version: string, more: Partial<Release> = {}): Release => ({ version: version as Version, ...more });

describe('restyle', () => {
  it.each([
    ['go@1.24', '1.26.2', '1.26'],
    ['go@1.24.1', '1.26.2', '1.26.2'],
    ['go@go1.24.1', '1.26.2', 'go1.26.2'],
    ['rust@1.80', '1.91.0', '1.91'],
    ['rust@1.80.1', '1.91.0', '1.91.0'],
    ['python@3.11', '3.14.1', '3.14'],
    ['python@==3.11.*', '3.14.1', '==3.14.*'],
    ['python@~=3.11.2', '3.14.1', '~=3.14.1'],
    ['java@17', '25.0.1+8', '25'],
    ['java@temurin-17', '25.0.1+8', 'temurin-25'],
    ['java@17.0.2+8', '25.0.1+8', '25.0.1+8'],
    ['java@21.0.2', '25+36', '25.0.0'],
    ['node@v20.1.0', '24.2.0', 'v24.2.0'],
  ])('writes %s for %s as %s', (text, version, expected) => {
    const { runtime, request } = asked(text);
    expect(restyle(runtime, request, release(version))).toBe(expected);
  });

  it('moves a dated channel to another day, and a codename to another line', () => {
    const dated = asked('rust@nightly-2025-06-01');
    const nightly = release('nightly-2026-01-02', { channel: 'nightly', date: '2026-01-02' });
    expect(restyle(dated.runtime, dated.request, nightly)).toBe('nightly-2026-01-02');
    expect(lineBeyond(dated.runtime, dated.request)).toEqual({ kind: 'channel', name: 'nightly' });
    const iron = asked('node@lts/Iron');
    expect(restyle(iron.runtime, iron.request, release('24.2.0', { lts: 'krypton' }))).toBe('lts/krypton');
    expect(lineBeyond(iron.runtime, iron.request)).toEqual({ kind: 'channel', name: 'lts' });
  });

  it.each(['node@>=18 <22', 'node@18 || 20', 'python@!=3.11', 'node@<22'])('leaves %s alone', (text) => {
    const { runtime, request } = asked(text);
    expect(restyle(runtime, request, release('24.2.0'))).toBeUndefined();
  });

  it.each([
    ['node@lts', true],
    ['node@latest', true],
    ['rust@stable', true],
    ['rust@nightly', true],
    ['rust@nightly-2025-06-01', false],
    ['node@lts/iron', false],
    ['node@20', false],
  ])('knows whether %s moves by itself', (text, moves) => {
    expect(isMoving(asked(text).request)).toBe(moves);
  });
});
