import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectContext } from '../../src/app/project/project-context';
import type { PinFile, Runtime, Source } from '../../src/domain/runtime/runtime';
import type { VersionScheme } from '../../src/domain/versions/scheme';
import * as kit from '../../src/kit';

/** Runtimes that pin and parse as the real ones do, and can do nothing else. */
export const RUNTIMES: readonly Runtime[] = [
  fake('node', kit.npmScheme, { aliases: ['nodejs'], pins: [kit.nvmrc, kit.nodeVersion, kit.packageJsonNode] }),
  fake('rust', kit.rustScheme, {
    pins: [kit.rustToolchain, kit.rustToolchainToml, kit.cargoRustVersion],
    options: [
      { name: 'components', flag: 'component', describe: 'a component', pattern: /^[a-z][a-z0-9-]*$/ },
      { name: 'targets', flag: 'target', describe: 'a target', pattern: /^[a-z0-9][a-z0-9_.-]*$/ },
      { name: 'profile', flag: 'profile', describe: 'a profile', single: true, pattern: /^[a-z]+$/ },
    ],
  }),
  fake('python', kit.pep440Scheme, {
    pins: [kit.pythonVersion, kit.pythonVersions, kit.pipfile, kit.runtimeTxt, kit.pyproject],
  }),
  fake('go', kit.goScheme, { aliases: ['golang'], pins: [kit.goVersionFile, kit.goWork, kit.goMod] }),
  fake('java', kit.javaScheme, {
    sources: [{ vendors: ['temurin'] } as unknown as Source],
    pins: [kit.javaVersion, kit.sdkmanrc, kit.pomXml, kit.gradleBuild, kit.gradleBuildKotlin],
  }),
  ...(['bun', 'npm', 'pnpm', 'yarn'] as const).map((name) =>
    fake(name, kit.npmScheme, { pins: [kit.packageManagerPin(name)], options: [kit.packageChecksum] }),
  ),
];

function fake(
  id: string,
  scheme: VersionScheme,
  more: Partial<Runtime> & { readonly pins: readonly PinFile[] },
): Runtime {
  return {
    id,
    title: id,
    homepage: `https://example.org/${id}`,
    scheme,
    sources: [],
    layout: () => ({ commands: {}, variables: [], bins: [], homes: [], installs: [] }),
    probe: { command: id, args: [], version: () => undefined },
    ...more,
  };
}

/** A person whose home is `home`, with polyenv's own below it. */
export function contextFor(
  home: string,
  more: { readonly env?: Readonly<Record<string, string>>; readonly defaults?: Readonly<Record<string, string>> } = {},
): ProjectContext {
  const root = join(home, '.local/share/polyenv');
  return {
    host: { env: more.env ?? {}, personHome: home },
    home: { root, envs: join(root, 'envs') },
    settings: { defaults: more.defaults ?? {} },
  };
}

/** Files below a folder, by their relative paths. */
export function write(root: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
