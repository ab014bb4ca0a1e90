import { firstLineFile } from './first-line';

/**
 * `.java-version`, as jenv and setup-java read it: one version, perhaps with a vendor. jenv puts `64` behind the vendor,
 * and calls every OpenJDK `openjdk64`, whoever built it.
 */
export const javaVersion = firstLineFile('.java-version', (text) =>
  text.replace(/^openjdk(?:64|32)-(?=\d)/, '').replace(/^([a-z]+(?:-[a-z]+)*)(?:64|32)-(?=\d)/, '$1-'),
);
