import { firstLineFile } from './first-line';

/** `.node-version`, as nodenv, fnm and setup-node read it: one version. */
export const nodeVersion = firstLineFile('.node-version');
