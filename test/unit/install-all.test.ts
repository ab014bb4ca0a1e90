import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/app/base/context';
import { installAll, type NestedProject } from '../../src/app/changes/install-all';
import type { InstalledProject } from '../../src/app/changes/install-project';
import type { Project } from '../../src/app/project/project';

const projects = (...folders: readonly string[]): readonly NestedProject[] =>
  folders.map((folder) => ({ folder, project: {} as Project }));

const ctx = {} as Context;

describe('installAll', () => {
  it('finishes outer projects before it begins those within, whose locks they write', async () => {
    const said: string[] = [];
    await installAll(ctx, projects('/m', '/m/a', '/m/b', '/m/a/x'), async (_, folder) => {
      said.push(`begin ${folder}`);
      await new Promise((later) => setTimeout(later, folder === '/m/a' ? 15 : 5));
      said.push(`end ${folder}`);
      return {} as InstalledProject;
    });
    const at = (text: string): number => said.indexOf(text);
    expect(at('end /m')).toBeLessThan(at('begin /m/a'));
    expect(at('end /m/a')).toBeLessThan(at('begin /m/a/x'));
    expect(at('begin /m/b')).toBeLessThan(at('end /m/a'));
  });

  it('works on a few at once, and keeps the order of the results', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `/m/${index}`);
    let now = 0;
    let most = 0;
    const results = await installAll(ctx, projects(...names), async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((later) => setTimeout(later, 2));
      now -= 1;
      return {} as InstalledProject;
    });
    expect(most).toBe(4);
    expect(results.map(({ folder }) => folder)).toEqual(names);
  });
});
