/**
 * All that a file in `runtimes/` may import: the types of the contract, the version schemes, and the readers of pin
 * files that several runtimes share.
 */

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
  asPage,
  asRecord,
  asRecordSkipping,
  asString,
  asUnknown,
  type Decoder,
  either,
  malformed,
  optional,
} from './domain/formats/decoders';
export type { XmlElement } from './domain/formats/xml-document';
export { cargoRustVersion } from './domain/pins/files/cargo-toml';
export { goMod, goWork } from './domain/pins/files/go-mod';
export { goVersionFile } from './domain/pins/files/go-version';
export { gradleBuild, gradleBuildKotlin } from './domain/pins/files/gradle-build';
export { gradleWrapper } from './domain/pins/files/gradle-wrapper';
export { javaVersion } from './domain/pins/files/java-version';
export { nodeVersion } from './domain/pins/files/node-version';
export { nvmrc } from './domain/pins/files/nvmrc';
export { packageJsonNode } from './domain/pins/files/package-json';
export { packageManagerPin } from './domain/pins/files/package-manager';
export { pipfile } from './domain/pins/files/pipfile';
export { pomXml } from './domain/pins/files/pom-xml';
export { pyproject } from './domain/pins/files/pyproject';
export { pythonVersion, pythonVersions } from './domain/pins/files/python-version';
export { runtimeTxt } from './domain/pins/files/runtime-txt';
export { rustToolchain, rustToolchainToml } from './domain/pins/files/rust-toolchain';
export { sdkmanCandidate, sdkmanrc } from './domain/pins/files/sdkmanrc';
export { dataHome, firstWord, homebrew, namedIn, polyglotManagers } from './domain/pins/other-managers';
export type * from './domain/runtime/advice';
export type * from './domain/runtime/artifact';
export { type ChecksumList, parseChecksum, parseChecksumList } from './domain/runtime/checksum-list';
export { type Digest, hexDigest, integrityDigest } from './domain/runtime/digest';
export type * from './domain/runtime/editor';
export type * from './domain/runtime/finish';
export { type FoojayVendor, foojaySource } from './domain/runtime/foojay-source';
export { type GithubRelease, githubDigests, githubReleases } from './domain/runtime/github-releases';
export { type GithubProject, githubSource } from './domain/runtime/github-source';
export { type GoProgram, goSource } from './domain/runtime/go-source';
export { imagesNamed } from './domain/runtime/image-names';
export type { ArchiveUrl, JdkArchive } from './domain/runtime/jdk-archive';
export { jdkLifecycle } from './domain/runtime/jdk-lifecycle';
export { featureOf, type JdkFile, type JdkIndex, jdkSource } from './domain/runtime/jdk-source';
export type * from './domain/runtime/layout';
export {
  asEndOfLifeCycles,
  asNodeSchedule,
  asPythonCycle,
  endOfLifeOf,
  leadingNumbers,
  lifecycleFrom,
} from './domain/runtime/lifecycle';
export { formatLocator, parseLocator, type RegistryPackage } from './domain/runtime/locator';
export { type MysqlClients, mysqlClients } from './domain/runtime/mysql-clients';
export { everywhere, installedPackage, npmPackages, packageChecksum } from './domain/runtime/npm-packages';
export { isPlatformKey, PLATFORMS, type Platform, type PlatformKey, platformOf } from './domain/runtime/platform';
export { GO_TARGETS, TARGET_TRIPLES } from './domain/runtime/platform-names';
export type * from './domain/runtime/runtime';
export type * from './domain/runtime/service';
export { serviceUrl } from './domain/runtime/service-url';
export { commandsIn, scriptsIn } from './domain/runtime/tree-commands';
export { userCache, userSettings } from './domain/runtime/user-folders';
export type { Vendor } from './domain/runtime/vendor';
export { readWheelName } from './domain/runtime/wheel';
export { newestWheel, partOf as wheelPart, type WheelProject, wheelSource } from './domain/runtime/wheel-source';
export type * from './domain/versions/release';
export { newestFirst } from './domain/versions/releases';
export type * from './domain/versions/request';
export type * from './domain/versions/scheme';
export { goScheme } from './domain/versions/schemes/go';
export { javaScheme, javaSchemeWith } from './domain/versions/schemes/java';
export { npmScheme } from './domain/versions/schemes/npm';
export { pep440Scheme } from './domain/versions/schemes/pep440';
export { rustScheme } from './domain/versions/schemes/rust';
export { type Version, versionFrom } from './domain/versions/version';
export { defaultVariable, type EnvOp, limitVariable, setVariable, unsetVariable } from './domain/words/env-op';
export { PolyenvError } from './domain/words/errors';
export { present } from './domain/words/present';
export type * from './domain/words/tool-id';
