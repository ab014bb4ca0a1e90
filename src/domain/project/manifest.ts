import { decodeDomains, type ManifestDomain } from './manifest-domains';
import { decodeRuntimes, decodeSources, type ManifestPin, type ManifestSource } from './manifest-pins';
import { namesOf, TOP_KEYS } from './manifest-schema';
import { decodeServices, type ManifestService } from './manifest-services';
import { decodeAliases, decodeTasks, type ManifestAlias, type ManifestTask } from './manifest-tasks';
import { fail, flagAt, type ManifestInput, refuseUnknown, tableAt } from './manifest-values';
import {
  decodeEnvFiles,
  decodePaths,
  decodeVariables,
  ENV_FILE,
  type ManifestFile,
  type ManifestFolder,
  type ManifestVariable,
} from './manifest-variables';

/** The file names, the one of higher precedence first. */
export const MANIFEST_NAMES = ['polyenv.local.toml', 'polyenv.toml'] as const;

/** Bytes. A larger manifest is refused before it is parsed. */
export const MANIFEST_LIMIT = 1024 * 1024;

/** `polyenv.toml` or `polyenv.local.toml`, decoded: what one file says, in its order, each value with its line (from 1). */
export interface Manifest {
  /** As it was given to the decoder. */
  readonly path: string;
  /** Whether the walk to the parent folders stops here. */
  readonly root: boolean;
  /** `undefined` where the file does not say: then `default`. */
  readonly isolation: 'default' | 'strict' | undefined;
  /** One a runtime at most. */
  readonly runtimes: readonly ManifestPin[];
  /** `[services]`: data, which needs no trust. */
  readonly services: readonly ManifestService[];
  /** `[domains]`: data, but for the origins that they let in. */
  readonly domains: readonly ManifestDomain[];
  /** `[env]`. Not to be applied without trust. */
  /** What `[env]` reads variables from: they give way to its own. */
  readonly envFiles: readonly ManifestFile[];
  readonly env: readonly ManifestVariable[];
  /** `[paths]`. Not to be applied without trust. */
  readonly paths: readonly ManifestFolder[];
  /** `[tasks]`. Not to be run without trust. */
  readonly tasks: readonly ManifestTask[];
  readonly aliases: readonly ManifestAlias[];
  /** `[sources]`. Not to be used without trust. */
  readonly sources: readonly ManifestSource[];
}

/** Throws `manifest-invalid` with the line of what is wrong: an unknown name, a value of the wrong type, a variable that a project may not set. */
export function decodeManifest(input: ManifestInput): Manifest {
  const top = tableAt(input, []);
  refuseUnknown(input, [], namesOf(TOP_KEYS));
  const schema = top.schema;
  if (schema !== undefined && schema !== 1) {
    const newer = typeof schema === 'number' && Number.isInteger(schema) && schema > 1;
    fail(
      input,
      ['schema'],
      newer
        ? {
            what: `the manifest has schema ${schema}, and this polyenv reads schema 1`,
            hint: 'polyenv self update',
          }
        : { what: 'schema must be 1', hint: 'write schema = 1, or leave it out' },
    );
  }
  const isolation = top.isolation;
  if (isolation !== undefined && isolation !== 'default' && isolation !== 'strict') {
    fail(input, ['isolation'], { what: 'isolation must be "default" or "strict"' });
  }
  const [services, tasks] = [decodeServices(input), decodeTasks(input)];
  return {
    path: input.path,
    root: flagAt(input, ['root']),
    isolation,
    runtimes: decodeRuntimes(input),
    services,
    domains: decodeDomains(input, { services, tasks }),
    envFiles: decodeEnvFiles(input),
    env: decodeVariables(input, ['env'], ENV_FILE),
    paths: decodePaths(input),
    tasks,
    aliases: decodeAliases(input, tasks),
    sources: decodeSources(input),
  };
}
