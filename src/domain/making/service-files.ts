import { renderYaml, type YamlValue } from '../formats/yaml-text';
import type { ServiceImage } from '../runtime/service';

/** A service of a project as others run it. */
export interface ImagedService {
  readonly name: string;
  readonly image: ServiceImage;
  /** What programs see, where `HOST` is the service's name and `$PASSWORD` stands for the password. */
  readonly variables: Readonly<Record<string, string>>;
  readonly hasPassword: boolean;
  /** Beyond the one that the image makes. */
  readonly moreDatabases: readonly string[];
  /** That the databases have, and an image does not make. */
  readonly extensions: readonly string[];
}

/** Stands in texts of kinds where a password belongs. */
export const PASSWORD = '$PASSWORD';

/** https://github.com/compose-spec/compose-spec/blob/main/spec.md */
export function composeFile(services: readonly ImagedService[]): string {
  const secrets = services.filter(({ hasPassword }) => hasPassword).map(({ name }) => passwordVariable(name));
  const head = [
    '# Made by `polyenv generate compose`: the services of polyenv.toml, with the same versions, for machines that run Docker.',
    ...(secrets.length === 0
      ? []
      : ['# It needs, in .env beside it, which must not be committed:', ...secrets.map((name) => `#   ${name}=...`)]),
    ...databasesLeft(services),
    '# Programs in other containers reach them by these variables:',
    ...services.flatMap(({ name, variables }) =>
      Object.entries(variables).map(
        ([key, value]) => `#   ${key}=${value.replaceAll(PASSWORD, `\${${passwordVariable(name)}}`)}`,
      ),
    ),
  ];
  const used = new Set<number>();
  const body: { readonly [key: string]: YamlValue | undefined } = {
    services: Object.fromEntries(services.map((service) => [service.name, composeService(service, used)])),
    volumes: Object.fromEntries(services.filter(({ image }) => image.data !== undefined).map(({ name }) => [name, {}])),
  };
  return `${head.join('\n')}\n${renderYaml(body)}\n`;
}

function composeService({ name, image }: ImagedService, used: Set<number>): YamlValue {
  const { ports, env, args, data, health } = image;
  return {
    image: image.image,
    restart: 'unless-stopped',
    // Only this machine reaches them, as it does those that polyenv starts.
    ports: Object.values(ports).map((port) => `127.0.0.1:${firstUnused(port, used)}:${port}`),
    ...(Object.keys(env).length > 0 && { environment: mapped(env, (text) => composeText(text, name)) }),
    ...(args !== undefined && { command: args.map((text) => composeText(text, name)) }),
    ...(data !== undefined && { volumes: [`${name}:${data}`] }),
    ...(health !== undefined && {
      healthcheck: {
        test: ['CMD', ...health.map((text) => composeText(text, name))],
        interval: '5s',
        timeout: '5s',
        retries: 20,
      },
    }),
  };
}

/** Two servers of one kind cannot have one port of this machine. */
function firstUnused(port: number, used: Set<number>): number {
  let free = port;
  while (used.has(free)) free += 1;
  used.add(free);
  return free;
}

/** What an image does not make by itself, as lines of a comment. */
function databasesLeft(services: readonly ImagedService[]): readonly string[] {
  return services.flatMap(({ name, moreDatabases, extensions }) => {
    const lacking = [
      ...(moreDatabases.length > 0 ? [`the databases ${moreDatabases.join(', ')}`] : []),
      ...(extensions.length > 0 ? [`the extensions ${extensions.join(', ')}`] : []),
    ];
    return lacking.length === 0 ? [] : [`# To be made in ${name} once: ${lacking.join('; ')}.`];
  });
}

/** A dollar sign would be a variable of Compose's own. */
function composeText(text: string, name: string): string {
  const variable = passwordVariable(name);
  const asked = `\${${variable}:?set it in .env}`;
  return text
    .split(PASSWORD)
    .map((part) => part.replaceAll('$', '$$$$'))
    .join(asked);
}

function passwordVariable(name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/ */
export function kubernetesFile(services: readonly ImagedService[]): string {
  const secrets = services.filter(({ hasPassword }) => hasPassword);
  const head = [
    '# Made by `polyenv generate kubernetes`: the services of polyenv.toml, with the same versions.',
    ...(secrets.length === 0 ? [] : ['# It needs, in its namespace:']),
    ...secrets.map(
      ({ name }) =>
        `#   kubectl create secret generic ${nameIn(name)} --from-literal=password="$(openssl rand -hex 16)"`,
    ),
    ...databasesLeft(services),
  ];
  const parts = services.flatMap((service) => [statefulSet(service), clusterService(service)]);
  return `${head.join('\n')}\n${parts.map((part) => `---\n${renderYaml(part)}\n`).join('')}`;
}

function statefulSet({ name, image }: ImagedService): { readonly [key: string]: YamlValue } {
  const labels = { app: nameIn(name) };
  const { ports, env, args, data, health } = image;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: nameIn(name), labels },
    spec: {
      serviceName: nameIn(name),
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: nameIn(name),
              image: image.image,
              ...(args !== undefined && { args: args.map((text) => text.replaceAll(PASSWORD, '$(PASSWORD)')) }),
              env: environmentOf(name, env, args ?? []),
              ports: Object.entries(ports).map(([port, number]) => ({ name: port, containerPort: number })),
              ...(health !== undefined && {
                readinessProbe: { exec: { command: [...health] }, periodSeconds: 5, failureThreshold: 20 },
              }),
              // A folder below: the root of a new volume is not empty.
              ...(data !== undefined && { volumeMounts: [{ name: 'data', mountPath: data, subPath: 'data' }] }),
            },
          ],
        },
      },
      ...(data !== undefined && {
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
          },
        ],
      }),
    },
  };
}

/** The password comes from a secret; a value that holds it among others is put together by Kubernetes. */
function environmentOf(
  name: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): readonly YamlValue[] {
  const secret = { secretKeyRef: { name: nameIn(name), key: 'password' } };
  const within = [...Object.values(env), ...args].some((text) => text.includes(PASSWORD) && text !== PASSWORD);
  return [
    ...(within || args.some((text) => text === PASSWORD) ? [{ name: 'PASSWORD', valueFrom: secret }] : []),
    ...Object.entries(env).map(
      ([key, value]): YamlValue =>
        value === PASSWORD
          ? { name: key, valueFrom: secret }
          : { name: key, value: value.replaceAll(PASSWORD, '$(PASSWORD)') },
    ),
  ];
}

function clusterService({ name, image }: ImagedService): { readonly [key: string]: YamlValue } {
  const labels = { app: nameIn(name) };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: nameIn(name), labels },
    spec: {
      selector: labels,
      ports: Object.entries(image.ports).map(([port, number]) => ({ name: port, port: number, targetPort: number })),
    },
  };
}

/** Names there have no `_`, and end in a letter or digit. */
function nameIn(name: string): string {
  return name.replaceAll('_', '-').replace(/-+$/, '');
}

function mapped(
  record: Readonly<Record<string, string>>,
  change: (text: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
