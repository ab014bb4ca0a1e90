import {
  everywhere,
  leadingNumbers,
  npmPackages,
  npmScheme,
  packageChecksum,
  packageManagerPin,
  polyglotManagers,
  type Runtime,
  scriptsIn,
  setVariable,
} from '../src/kit';

/** pnpm: https://pnpm.io. A script for Node.js, so one package serves every platform; it runs on the project's own Node. */
export const runtime: Runtime = {
  id: 'pnpm',
  title: 'pnpm',
  homepage: 'https://pnpm.io',
  license: 'MIT',
  scheme: npmScheme,
  options: [packageChecksum],
  commands: ['pnpm', 'pnpx'],
  pins: [packageManagerPin('pnpm')],
  sources: [
    npmPackages({
      scheme: npmScheme,
      names: everywhere('pnpm'),
      executables: () => ['bin/*.cjs', 'bin/*.mjs', 'bin/*.js'],
    }),
  ],
  layout: (tree, { home }) => ({
    commands: scriptsIn(tree, 'bin', /^pnp[mx]$/),
    variables: [setVariable('PNPM_HOME', `${home}/bin`), { op: 'append', name: 'PATH', value: `${home}/bin` }],
    bins: [`${home}/bin`],
    homes: [`${home}/bin`],
    installs: [
      { command: 'pnpm', words: ['add', 'install', 'i', 'update', 'up', 'remove', 'rm'], flags: ['-g', '--global'] },
    ],
  }),
  probe: { command: 'pnpm', args: ['--version'], version: (output) => /^(\d+\.\d+\.\S+)/m.exec(output)?.[1] },
  discover: polyglotManagers({ mise: 'pnpm', asdf: 'pnpm' }),
  advice: {
    // https://pnpm.io/installation#compatibility
    runsOn: (version) => {
      const major = Number(leadingNumbers(version, 1));
      const least = major >= 11 ? 22 : major >= 9 ? 18 : major === 8 ? 16 : 14;
      return { tool: 'node', least };
    },
    releaseNotes: (version) => `https://github.com/pnpm/pnpm/releases/tag/v${version}`,
  },
};
