import { firstLineFile } from './first-line';

/** `.go-version`, as goenv reads it: one version. */
export const goVersionFile = firstLineFile('.go-version');
