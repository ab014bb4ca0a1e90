/**
 * All that a file in `runtimes/` may import: the types of the contract, the version schemes, and the readers of pin
 * files that several runtimes share.
 */
export type * from './domain/artifact';
export { type ChecksumList, parseChecksum, parseChecksumList } from './domain/checksum-list';
export {
  asArray,
  asArraySkipping,
  asBoolean,
  asChanged,
  asCount,
  asMatching,
  asNumber,
  asObject,
  asOneOf,
  asRecord,
  asRecordSkipping,
  asString,
  asUnknown,
  either,
  malformed,
  optional,
} from './domain/decoders';
export { type Digest, hexDigest, integrityDigest } from './domain/digest';
export type * from './domain/editor';
export { type EnvOp, setVariable, unsetVariable } from './domain/env-op';
export { PolyenvError } from './domain/errors';
export { imagesNamed } from './domain/image-names';
export type * from './domain/layout';
export {
  asEndOfLifeCycles,
  asNodeSchedule,
  asPythonCycle,
  leadingNumbers,
  lifecycleFrom,
} from './domain/lifecycle';
export { formatLocator, parseLocator, type RegistryPackage } from './domain/locator';
export { dataHome, firstWord, homebrew, namedIn, polyglotManagers } from './domain/other-managers';
export { cargoRustVersion } from './domain/pin-files/cargo-toml';
export { goMod, goWork } from './domain/pin-files/go-mod';
export { goVersionFile } from './domain/pin-files/go-version';
export { gradleBuild, gradleBuildKotlin } from './domain/pin-files/gradle-build';
export { javaVersion } from './domain/pin-files/java-version';
export { nodeVersion } from './domain/pin-files/node-version';
export { nvmrc } from './domain/pin-files/nvmrc';
export { packageJsonNode } from './domain/pin-files/package-json';
export { pipfile } from './domain/pin-files/pipfile';
export { pomXml } from './domain/pin-files/pom-xml';
export { pyproject } from './domain/pin-files/pyproject';
export { pythonVersion, pythonVersions } from './domain/pin-files/python-version';
export { runtimeTxt } from './domain/pin-files/runtime-txt';
export { rustToolchain, rustToolchainToml } from './domain/pin-files/rust-toolchain';
export { sdkmanrc } from './domain/pin-files/sdkmanrc';
export { isPlatformKey, PLATFORMS, type Platform, type PlatformKey, platformOf } from './domain/platform';
export { newestFirst } from './domain/releases';
export type * from './domain/request';
export type * from './domain/runtime';
export type * from './domain/scheme';
export { goScheme } from './domain/schemes/go';
export { javaScheme } from './domain/schemes/java';
export { npmScheme } from './domain/schemes/npm';
export { pep440Scheme } from './domain/schemes/pep440';
export { rustScheme } from './domain/schemes/rust';
export { commandsIn } from './domain/tree-commands';
export { userCache, userSettings } from './domain/user-folders';
export { type Version, versionFrom } from './domain/version';
