import {
  commandsIn,
  everywhere,
  installedPackage,
  leadingNumbers,
  npmPackages,
  npmScheme,
  packageChecksum,
  packageManagerPin,
  type Runtime,
} from '../src/kit';

const packages = npmPackages({ scheme: npmScheme, names: everywhere('npm'), executables: () => [] });

/** npm: https://docs.npmjs.com. It comes with Node.js, and where a project pins it, this one runs instead, on the project's own Node. */
export const runtime: Runtime = {
  id: 'npm',
  title: 'npm',
  homepage: 'https://docs.npmjs.com',
  license: 'Artistic-2.0',
  scheme: npmScheme,
  options: [packageChecksum],
  commands: ['npm', 'npx'],
  replaces: ['node'],
  pins: [packageManagerPin('npm')],
  sources: [
    {
      ...packages,
      // As Node's archive has it: npm looks for itself there.
      owns: (claim) =>
        packages.owns(claim) &&
        installedPackage('npm', claim.platform, { npm: 'bin/npm-cli.js', npx: 'bin/npx-cli.js' }),
    },
  ],
  // Its prefix is Node's, so that what was installed for everyone stays where it is.
  layout: (tree) => ({
    commands: commandsIn(tree, 'bin', /^np[mx]$/),
    variables: [],
    bins: [],
    homes: [],
    installs: [],
  }),
  probe: { command: 'npm', args: ['--version'], version: (output) => /^(\d+\.\d+\.\S+)/m.exec(output)?.[1] },
  advice: {
    // `engines` of its own package.json.
    runsOn: (version) => {
      const major = Number(leadingNumbers(version, 1));
      const least = major >= 11 ? 20 : major === 10 ? 18 : major === 9 ? 14 : major === 8 ? 12 : 10;
      return { tool: 'node', least: major >= 7 ? least : 4 };
    },
    releaseNotes: (version) => `https://github.com/npm/cli/releases/tag/v${version}`,
  },
};
