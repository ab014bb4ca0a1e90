/** How a setting is written: in `settings.json` with dots as nesting, and as `POLYENV_` and its name in capitals with `_` for dots. */
export type SettingType = 'boolean' | 'integer' | 'text' | 'list' | 'map' | readonly string[];

export interface Setting {
  readonly name: string;
  readonly type: SettingType;
  readonly describe: string;
  readonly fallback: unknown;
  /** Bounds of an integer; both may be reached. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** What a text, each word of a list, or each value of a map must match; `shape` says it in words. */
  readonly pattern?: RegExp;
  readonly keyPattern?: RegExp;
  readonly shape?: string;
  /**
   * The value that is the strictest, or the direction in which values get stricter: a person may go that way from what
   * an organisation has locked. `fewer` is a list that allows what it names; `fewer-but-some`
   * one that allows everything when it is empty. Where this is absent, any other value loosens.
   */
  readonly strictest?: boolean | 'higher' | 'first' | 'last' | 'fewer' | 'fewer-but-some';
  /** Older spellings of its words, which are still read. */
  readonly formerly?: Readonly<Record<string, string>>;
}

/**
 * The person's and the organisation's choices, decoded. A project can set none of them. In variables, the words of
 * a list have white space between them, and so have the `FROM=TO` pairs of a map.
 */
export interface Settings {
  /** URL prefix to URL prefix; the longest `from` wins. */
  readonly mirrors: Readonly<Record<string, string>>;
  readonly offline: boolean;
  /** Plain http to other places than loopback. */
  readonly insecureHttp: boolean;
  /** Seconds without a byte before a connection is given up. */
  readonly networkTimeout: number;
  readonly networkRetries: number;
  /** MiB of an index, and of an archive whose size nobody tells: a server that sends more is not listened to any further. */
  readonly indexLimit: number;
  readonly archiveLimit: number;
  readonly verifySignatures: 'required' | 'when-present' | 'off';
  /** Further OpenPGP fingerprints, for a company that signs its mirror anew. */
  readonly verifyKeys: readonly string[];
  /** The weakest proof that is accepted. */
  readonly verifyMinimum: 'digest' | 'registry-signature' | 'transparency' | 'signature';
  /** Source ids that may be used; empty means all. */
  readonly sourcesAllowed: readonly string[];
  readonly preference: 'managed' | 'system' | 'only-managed' | 'only-system';
  /** Whether a shim installs a pinned runtime that is missing. */
  readonly autoInstall: boolean;
  /** Days that a release must be old to be chosen by anything but an exact request. */
  readonly minimumAge: number;
  readonly endOfLife: 'ignore' | 'warn' | 'refuse';
  /** Overrides of what npm, Go and Maven are configured to use; empty means as their own client. */
  readonly npmRegistry: string;
  readonly goProxy: string;
  readonly mavenRepository: string;
  readonly pypiIndex: string;
  /** The repository of a registry that has the archives of a team, `registry.example/team/toolchains`; empty means none. */
  readonly store: string;
  /** Before the official sites, after them, or in their place. */
  readonly storeMode: 'fallback' | 'first' | 'only';
  /** Whose builds `push` leaves out. */
  readonly storeLeaveOut: readonly string[];
  /** Downloads at once. */
  /** Where polyenv's own releases are; empty means where they are published. */
  readonly updateUrl: string;
  readonly jobs: number;
  /** Seconds to wait for another polyenv. */
  readonly lockTimeout: number;
  /** Seconds for which a cached index is used without asking again. */
  readonly cacheAge: number;
  /** Tool to request, for where no project decides. */
  readonly defaults: Readonly<Record<string, string>>;
}

/** Without a user, white space or quotes. */
const HTTPS_PREFIX = /^https:\/\/[A-Za-z0-9[][^\s"'`\\<>@]*$/;
/** May carry a user and a password: they go to that host only, and into no message. */
const HTTP_PREFIX = /^https?:\/\/[A-Za-z0-9[][^\s"'`\\<>]*$/;

/** Settings by their written name; `key` is the field of `Settings`. The reference and the environment forms are made from it. */
export const SETTINGS: readonly (Setting & { readonly key: keyof Settings })[] = [
  {
    key: 'mirrors',
    name: 'mirrors',
    type: 'map',
    describe: 'URL prefixes to replace, the longest first',
    fallback: {},
    keyPattern: HTTPS_PREFIX,
    pattern: HTTP_PREFIX,
    shape: 'URL prefixes, what is replaced beginning with https://',
  },
  {
    key: 'offline',
    name: 'offline',
    type: 'boolean',
    describe: 'never use the network',
    fallback: false,
    strictest: true,
  },
  {
    key: 'insecureHttp',
    name: 'network.insecure_http',
    type: 'boolean',
    describe: 'allow plain http to other places than this machine',
    fallback: false,
    strictest: false,
  },
  {
    key: 'networkTimeout',
    name: 'network.timeout',
    type: 'integer',
    describe: 'seconds without a byte before a connection is given up',
    fallback: 30,
    minimum: 1,
    maximum: 3600,
  },
  {
    key: 'networkRetries',
    name: 'network.retries',
    type: 'integer',
    describe: 'further tries after a failure',
    fallback: 3,
    minimum: 0,
    maximum: 20,
  },
  {
    key: 'indexLimit',
    name: 'network.index_limit',
    type: 'integer',
    describe: 'MiB of an index that are read at most',
    fallback: 32,
    minimum: 1,
    maximum: 1024,
  },
  {
    key: 'archiveLimit',
    name: 'network.archive_limit',
    type: 'integer',
    describe: 'MiB of an archive whose size is not known that are read at most',
    fallback: 2048,
    minimum: 1,
    maximum: 65536,
  },
  {
    key: 'verifySignatures',
    name: 'verify.signatures',
    type: ['required', 'when-present', 'off'],
    formerly: { require: 'required' },
    describe: 'what to do about signatures where the upstream signs: one that is there is always checked',
    fallback: 'when-present',
    strictest: 'first',
  },
  {
    key: 'verifyKeys',
    name: 'verify.keys',
    type: 'list',
    describe: 'further OpenPGP fingerprints that may sign',
    fallback: [],
    pattern: /^[0-9A-F]{40}$/,
    shape: '40 hex digits in capitals: the fingerprint of a primary key',
    strictest: 'fewer',
  },
  {
    key: 'verifyMinimum',
    name: 'verify.minimum',
    type: ['digest', 'registry-signature', 'transparency', 'signature'],
    formerly: { index: 'digest' },
    describe: 'the weakest proof that is accepted',
    fallback: 'digest',
    strictest: 'last',
  },
  {
    key: 'sourcesAllowed',
    name: 'sources.allowed',
    type: 'list',
    describe: 'the sources that may be used; empty means all',
    fallback: [],
    pattern: /^[a-z0-9][a-z0-9.-]{0,63}$/,
    shape: 'the id of a source',
    strictest: 'fewer-but-some',
  },
  {
    key: 'preference',
    name: 'sources.preference',
    type: ['managed', 'system', 'only-managed', 'only-system'],
    describe: 'downloaded toolchains, or those that this machine already has',
    fallback: 'managed',
  },
  {
    key: 'autoInstall',
    name: 'install.missing',
    type: 'boolean',
    describe: 'install a pinned runtime at its first use',
    fallback: true,
    strictest: false,
  },
  {
    key: 'minimumAge',
    name: 'release.minimum_age',
    type: 'integer',
    describe: 'days that a release must be old, unless it is asked for exactly',
    fallback: 0,
    minimum: 0,
    maximum: 3650,
    strictest: 'higher',
  },
  {
    key: 'endOfLife',
    name: 'release.end_of_life',
    type: ['ignore', 'warn', 'refuse'],
    describe: 'what to do about lines without support',
    fallback: 'warn',
    strictest: 'last',
  },
  {
    key: 'npmRegistry',
    name: 'registry.npm',
    type: 'text',
    describe: "instead of npm's own configuration",
    fallback: '',
  },
  { key: 'goProxy', name: 'registry.go', type: 'text', describe: 'instead of GOPROXY', fallback: '' },
  {
    key: 'mavenRepository',
    name: 'registry.maven',
    type: 'text',
    describe: "instead of Maven's own settings",
    fallback: '',
  },
  { key: 'pypiIndex', name: 'registry.pypi', type: 'text', describe: "instead of pip's own index", fallback: '' },
  {
    key: 'store',
    name: 'store',
    type: 'text',
    describe: "the repository of a registry with a team's archives",
    fallback: '',
    pattern: /^(?:https?:\/\/)?[A-Za-z0-9[][^\s"'`\\<>@/]*\/[a-z0-9][a-z0-9._/-]*$/,
    shape: 'HOST/REPOSITORY, such as registry.example/team/toolchains',
  },
  {
    key: 'storeMode',
    name: 'store.mode',
    type: ['fallback', 'first', 'only'],
    describe: 'the store after the official sites, before them, or in their place',
    fallback: 'first',
    strictest: 'last',
  },
  {
    key: 'storeLeaveOut',
    name: 'store.leave_out',
    type: 'list',
    describe: 'vendors and runtimes that push leaves out, such as those whose licence forbids to pass them on',
    fallback: [],
    pattern: /^[a-z0-9][a-z0-9._-]{0,63}$/,
    shape: 'the name of a vendor or a runtime',
  },
  {
    key: 'updateUrl',
    name: 'update.url',
    type: 'text',
    describe: "where polyenv's own releases are, instead of where they are published",
    fallback: '',
  },
  { key: 'jobs', name: 'jobs', type: 'integer', describe: 'downloads at once', fallback: 4, minimum: 1, maximum: 64 },
  {
    key: 'lockTimeout',
    name: 'lock.timeout',
    type: 'integer',
    describe: 'seconds to wait for another polyenv',
    fallback: 300,
    minimum: 0,
    maximum: 86400,
  },
  {
    key: 'cacheAge',
    name: 'cache.max_age',
    type: 'integer',
    describe: 'seconds for which a cached index is not asked for again',
    fallback: 600,
    minimum: 0,
    maximum: 31536000,
  },
  {
    key: 'defaults',
    name: 'defaults',
    type: 'map',
    describe: 'versions for where no project decides (`polyenv use --default`)',
    fallback: {},
    keyPattern: /^[a-z][a-z0-9]{0,31}$/,
    pattern: /^\S{1,256}$/,
    shape: 'a runtime and a request, neither with blanks',
  },
];

/** `verify.signatures` -> `POLYENV_VERIFY_SIGNATURES`. */
export function settingVariable(name: string): string {
  return `POLYENV_${name.toUpperCase().replaceAll('.', '_')}`;
}
