import { describe, expect, it } from 'vitest';
import { problemPage } from '../../src/gateway/problem-page';

const route = { name: 'shop', path: '/', kind: 'task', port: 3000, origins: [] } as const;
const hostile = `"><script>alert('x')</script>&`;

describe('a page of the gateway', () => {
  it('shows what others named as text', () => {
    const pages = [
      problemPage({ kind: 'down', route: { ...route, target: hostile, project: hostile } }, { port: 1, names: [] }),
      problemPage({ kind: 'unknown', name: hostile, showNames: 'show' }, { port: 1, names: [hostile] }),
      problemPage({ kind: 'nowhere', name: 'shop', target: hostile }, { port: 1, names: [] }),
      problemPage({ kind: 'foreign', name: 'shop', origin: hostile }, { port: 1, names: [] }),
    ];
    for (const page of pages) {
      expect(page).not.toContain('<script');
      expect(page).toContain('&#60;script&#62;');
    }
  });

  it('says what to type', () => {
    const page = problemPage(
      { kind: 'down', route: { ...route, target: 'dev', project: "/it's here" } },
      { port: 1, names: [] },
    );
    expect(page).toContain('polyenv -C &#39;/it&#39;\\&#39;&#39;s here&#39; run dev');
  });
});
