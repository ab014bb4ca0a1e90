import { firstLineFile } from './first-line';

/** `.node-version`, as nodenv, fnm and setup-node read it: one version, with `node-` in front where nodenv wrote it so. */
export const nodeVersion = firstLineFile('.node-version', (text) => text.replace(/^node-(?=v?\d)/, ''));
