import { describe, expect, it } from 'vitest';
import { parseToml } from '../../src/adapters/documents/toml';
import { decodeManifest, type Manifest } from '../../src/domain/project/manifest';
import { describeTrust, needsTrust, trustDigest } from '../../src/domain/project/trust';
import type { PolyenvError } from '../../src/domain/words/errors';

const TASKS = 'tasks.dev = "x"\ntasks.web = "y"\n';

function decode(text: string): Manifest {
  return decodeManifest({ ...parseToml(TASKS + text, 'polyenv.toml'), runtimes: [] });
}

function refusal(text: string): PolyenvError {
  try {
    decode(text);
  } catch (error) {
    return error as PolyenvError;
  }
  throw new Error(`accepted: ${text}`);
}

describe('[domains]', () => {
  it('is decoded in all its forms', () => {
    const { domains } = decode(`[domains]
shop = { task = "dev" }
"api.shop" = { port = 4000, origins = ["https://app.example.com"] }
site = { "/" = "web", "/api" = { task = "dev" } }
"*.site" = "web"
`);
    expect(domains).toEqual([
      { name: 'shop', origins: [], routes: [{ path: '/', to: { kind: 'task', name: 'dev' } }], line: 4 },
      {
        name: 'api.shop',
        origins: ['https://app.example.com'],
        routes: [{ path: '/', to: { kind: 'port', port: 4000 } }],
        line: 5,
      },
      {
        name: 'site',
        origins: [],
        routes: [
          { path: '/', to: { kind: 'task', name: 'web' } },
          { path: '/api', to: { kind: 'task', name: 'dev' } },
        ],
        line: 6,
      },
      { name: '*.site', origins: [], routes: [{ path: '/', to: { kind: 'task', name: 'web' } }], line: 7 },
    ]);
  });

  it.each([
    ['domains.polyenv = "dev"', 'reserved', undefined],
    ['domains."shop.localhost" = "dev"', 'written with .localhost', 'leave .localhost out'],
    ['domains.Shop = "dev"', 'capital', 'write "shop"'],
    ['domains.__proto__ = "dev"', 'is no name', undefined],
    ['domains.shop = "deb"', 'called "deb"', 'did you mean dev?'],
    ['domains.shop = { task = "nothing-like-it" }', 'no task "nothing-like-it"', 'choose from dev, web'],
    ['domains.shop = { service = "db" }', 'no service "db"', 'write it below [services]'],
    ['domains.shop = 4000', 'leads to', 'write { port = 4000 }'],
    ['domains.shop = { port = 80 }', "ports below 1024 are the system's", undefined],
    ['domains.shop = { port = 4000, task = "dev" }', 'task and port at once', undefined],
    ['domains.shop = {}', 'leads nowhere', undefined],
    ['domains.shop = { "/" = "dev", port = 1 }', 'no key "port"', undefined],
    ['domains.shop = { "/a b" = "dev" }', 'no path', undefined],
    ['domains.shop = { task = "dev", origins = ["*"] }', 'not the origin', undefined],
    ['domains.shop = { task = "dev", origins = ["https://a.example/"] }', 'not the origin', undefined],
  ])('refuses %s', (text, what, hint) => {
    const error = refusal(text);
    expect(error.code).toBe('manifest-invalid');
    expect(error.message).toContain(what);
    expect(error.where?.line).toBe(3);
    if (hint !== undefined) expect(error.hint).toContain(hint);
  });

  it('may take the start of a path away', () => {
    const { domains } = decode('[domains.shop]\n"/" = "web"\n"/api" = { task = "dev", strip = true }\n');
    expect(domains[0]?.routes[1]).toEqual({ path: '/api', to: { kind: 'task', name: 'dev' }, strip: true });
    expect(refusal('[domains.shop]\n"/" = { task = "dev", strip = true }').message).toContain('nothing to strip');
    expect(refusal('domains.shop = { task = "dev", strip = true }').message).toContain('no key "strip"');
  });

  it('needs trust for the origins that it lets in, and for nothing else', () => {
    const tasks = { ...decode(''), tasks: [] };
    const names = { ...decode('domains.shop = "dev"'), tasks: [] };
    const open = { ...decode('domains.shop = { task = "dev", origins = ["https://a.example"] }'), tasks: [] };
    expect([tasks, names, open].map((manifest) => needsTrust({ manifest }))).toEqual([false, false, true]);
    expect(trustDigest({ manifest: names })).toBe(trustDigest({ manifest: tasks }));
    expect(trustDigest({ manifest: open })).not.toBe(trustDigest({ manifest: tasks }));
    expect(describeTrust({ manifest: open })[0]?.text).toBe(
      'lets web pages of https://a.example speak to shop.localhost',
    );
  });
});
