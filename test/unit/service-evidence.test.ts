import { describe, expect, it } from 'vitest';
import { runtime as mailpit } from '../../runtimes/mailpit';
import { runtime as node } from '../../runtimes/node';
import { runtime as postgres } from '../../runtimes/postgres';
import { runtime as valkey } from '../../runtimes/valkey';
import { servicesOfCompose, servicesOfText } from '../../src/domain/services/evidence';

const RUNTIMES = [mailpit, node, postgres, valkey];

describe('a Compose file', () => {
  it('gives the servers that a kind offers, with version and database, and lists the rest', () => {
    const { taken, left } = servicesOfCompose(
      `services:
  web:
    build: .
  DB:
    image: "docker.io/library/postgres:16.3-alpine"
    environment:
      POSTGRES_DB: shop
  other.db:
    image: postgres
    environment:
      - POSTGRES_DB=\${DB:-reports}
  cache:
    image: redis:7
  kv:
    image: valkey/valkey:9.1-alpine@sha256:abc
  mail:
    image: axllent/mailpit:v1.20
  search:
    image: elasticsearch:8.1
  evil:
    image: postgres:17
    environment:
      POSTGRES_DB: 'a"; drop'
`.split('\n'),
      RUNTIMES,
    );
    expect(taken.map(({ line: _, what: __, ...one }) => one)).toEqual([
      { name: 'db', kind: 'postgres', version: '16.3', databases: ['shop'] },
      { name: 'other-db', kind: 'postgres', databases: ['reports'] },
      { name: 'cache', kind: 'valkey', databases: [] },
      { name: 'kv', kind: 'valkey', version: '9.1', databases: [] },
      { name: 'mail', kind: 'mailpit', version: '1.20', databases: [] },
      { name: 'evil', kind: 'postgres', version: '17', databases: [] },
    ]);
    expect(taken[0]?.line).toBe(5);
    expect(left.map(({ name }) => name)).toEqual(['web', 'search']);
  });

  it('is read with the defaults of its variables, folded texts, and images of others with the same versions', () => {
    const { taken, left } = servicesOfCompose(
      `services:
  old:
    image: postgres:\${PG_VERSION:-14}
  kv:
    image: \${IMAGE-valkey/valkey:8}
  packed:
    image: bitnami/postgresql:16.4.0
    environment:
      POSTGRESQL_DATABASE: shop
  gis:
    image: postgis/postgresql:16-3.4
  folded:
    image: >-
      postgres:17
  same:
    extends: old
  nothing:
    ports: [ "80:80" ]
`.split('\n'),
      RUNTIMES,
    );
    expect(taken.map(({ line: _, what: __, ...one }) => one)).toEqual([
      { name: 'old', kind: 'postgres', version: '14', databases: [] },
      { name: 'kv', kind: 'valkey', version: '8', databases: [] },
      { name: 'packed', kind: 'postgres', version: '16.4.0', databases: ['shop'] },
      { name: 'gis', kind: 'postgres', databases: [] },
      { name: 'folded', kind: 'postgres', version: '17', databases: [] },
    ]);
    expect(left.map(({ name, why }) => [name, why])).toEqual([
      ['same', 'it extends another service'],
      ['nothing', 'it names no image'],
    ]);
  });

  it('may be anything: nothing is thrown', () => {
    for (const text of [
      '',
      'services:',
      'services: 5',
      'services:\n  - a',
      '{',
      'services:\n  db:\n    image:',
      '\0',
    ]) {
      expect(servicesOfCompose(text.split('\n'), RUNTIMES).taken).toEqual([]);
    }
  });
});

describe('settings', () => {
  it.each([
    ['DATABASE_URL=postgres://localhost/shop', ['postgres']],
    ['spring.datasource.url=jdbc:postgresql://localhost:5432/shop', ['postgres']],
    ["'ENGINE': 'django.db.backends.postgresql',", ['postgres']],
    ['REDIS_URL=redis://localhost\nDATABASE_URL=postgresql+psycopg://x', ['valkey', 'postgres']],
    ['# DATABASE_URL=postgres://localhost', []],
    ['SITE=https://example.test/postgres', []],
  ])('%j name %j', (text, kinds) => {
    expect(servicesOfText(text, RUNTIMES).map(({ kind }) => kind)).toEqual(kinds);
  });
});
