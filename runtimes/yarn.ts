import {
  everywhere,
  npmPackages,
  npmScheme,
  packageChecksum,
  packageManagerPin,
  polyglotManagers,
  type Runtime,
  scriptsIn,
  type Version,
} from '../src/kit';

const CLASSIC = 'yarn';
const BERRY = '@yarnpkg/cli-dist';

/**
 * Yarn: https://yarnpkg.com. A script for Node.js, so one package serves every platform. Yarn 1 is a package of its own; the
 * newer ones are published as they are run from 2.4 on.
 */
export const runtime: Runtime = {
  id: 'yarn',
  title: 'Yarn',
  homepage: 'https://yarnpkg.com',
  license: 'BSD-2-Clause',
  scheme: npmScheme,
  options: [packageChecksum],
  commands: ['yarn', 'yarnpkg'],
  pins: [packageManagerPin('yarn')],
  // What corepack hashes of the newer ones: https://nodejs.org/api/corepack.html
  hashedFile: (version) => (isClassic(version) ? undefined : 'bin/yarn.js'),
  sources: [
    npmPackages({
      scheme: npmScheme,
      names: everywhere(BERRY, CLASSIC),
      // corepack hashes the one script in it.
      hashedOtherwise: [BERRY],
      accepts: (name, version) => (name === CLASSIC) === isClassic(version),
      executables: () => ['bin/yarn.js'],
    }),
  ],
  layout: (tree, { home }) => {
    const { yarn } = scriptsIn(tree, 'bin', /^yarn$/);
    return {
      commands: yarn === undefined ? {} : { yarn, yarnpkg: yarn },
      variables: [],
      bins: [`${home}/bin`],
      homes: [`${home}/bin`],
      // Yarn 1 alone installs commands for everyone.
      installs: [{ command: 'yarn', words: ['global'], flags: [], into: ['--prefix', home] }],
    };
  },
  probe: { command: 'yarn', args: ['--version'], version: (output) => /^(\d+\.\d+\.\S+)/m.exec(output)?.[1] },
  discover: polyglotManagers({ mise: 'yarn', asdf: 'yarn' }),
  advice: {
    // https://yarnpkg.com/getting-started/install
    runsOn: (version) => ({ tool: 'node', least: isClassic(version) ? 4 : version.startsWith('4.') ? 18 : 14 }),
    releaseNotes: (version) =>
      isClassic(version)
        ? `https://github.com/yarnpkg/yarn/releases/tag/v${version}`
        : `https://github.com/yarnpkg/berry/releases/tag/%40yarnpkg%2Fcli%2F${version}`,
  },
};

function isClassic(version: Version): boolean {
  return /^[01]\./.test(version);
}
