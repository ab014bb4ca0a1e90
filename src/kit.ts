/**
 * All that a file in `runtimes/` may import: the types of the contract, the version schemes, and the readers of pin
 * files that several runtimes share.
 */
export type * from './domain/artifact';
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
export { hexDigest, integrityDigest } from './domain/digest';
export type * from './domain/env-op';
export { PolyenvError } from './domain/errors';
export type * from './domain/layout';
export { formatLocator, parseLocator, type RegistryPackage } from './domain/locator';
export { isPlatformKey, PLATFORMS, type Platform, type PlatformKey, platformOf } from './domain/platform';
export type * from './domain/request';
export type * from './domain/runtime';
export type * from './domain/scheme';
export { goScheme } from './domain/schemes/go';
export { javaScheme } from './domain/schemes/java';
export { npmScheme } from './domain/schemes/npm';
export { pep440Scheme } from './domain/schemes/pep440';
export { rustScheme } from './domain/schemes/rust';
export { type Version, versionFrom } from './domain/version';
