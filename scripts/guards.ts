/**
 * The guards on the trust spine: digest, signature, links out of a root, trust, quoting, locks, downgrade. In the source
 * a comment `guard: NAME` stands above the one statement that is the guard. `scripts/mutations.ts` takes that statement
 * out and runs the tests named here: at least one must fail.
 */
export interface Guard {
  /** What it stops. */
  readonly stops: string;
  /** Test files; `FILE#WORDS` for the tests of the file whose names hold the words. */
  readonly tests: readonly string[];
}

const DOWNLOAD = ['test/unit/download.test.ts'];
const UNPACK = ['test/unit/unpack.test.ts'];
const SIGNATURE = ['test/unit/signature.test.ts'];
const SUMDB = ['test/unit/sumdb.test.ts', 'test/contract/checksum-database.test.ts'];
const TRUST = ['test/unit/trust.test.ts'];
const MANIFEST = ['test/unit/manifest.test.ts'];
const PATHS = ['test/unit/paths.test.ts'];
const QUOTING = ['test/unit/shell-quote.test.ts', 'test/property/quoting.test.ts'];
const HTTP = ['test/unit/http.test.ts'];
const DASHBOARD = ['test/gateway/dashboard.test.ts'];
const PROXY = ['test/gateway/proxy.test.ts'];
const NAMES = ['test/unit/local-names.test.ts'];
const LOCK = ['test/unit/lock.test.ts'];
const REGISTRY = ['test/unit/registry.test.ts'];
const SERVERS = ['test/unit/services.test.ts'];
const CRASHES = ['test/e2e/services-crashes.test.ts'];
const SERVICES = ['test/unit/manifest-services.test.ts'];

export const GUARDS: Readonly<Record<string, Guard>> = {
  'digest-streamed': { stops: 'an archive with other bytes, hashed while it arrives', tests: DOWNLOAD },
  'digest-whole': { stops: 'an archive with other bytes, hashed as a whole', tests: DOWNLOAD },
  'digest-tree': { stops: "a module whose tree is not Go's digest", tests: DOWNLOAD },
  'resume-proved': { stops: 'two halves of different files joined on resume', tests: DOWNLOAD },
  'name-parent': { stops: 'an archive member that leaves its folder by ".."', tests: UNPACK },
  'name-absolute': { stops: 'an archive member with an absolute name', tests: UNPACK },
  'link-absolute': { stops: 'an archive link to an absolute path', tests: UNPACK },
  'link-out': { stops: 'an archive link that leads out of its root', tests: UNPACK },
  'link-through': { stops: 'an archive member written through a link', tests: UNPACK },
  'link-chain': { stops: 'an archive link that goes through another link', tests: UNPACK },
  'hard-link': { stops: 'a hard link to a file outside the archive', tests: UNPACK },
  'built-from': { stops: 'a program that was built from other source', tests: ['test/contract/go-build.test.ts'] },
  'package-checksum': {
    stops: 'a package manager whose archive is not the one that package.json names',
    tests: ['test/e2e/package-manager.test.ts#is refused'],
  },
  'smaller-owned': {
    stops: 'a lock whose smaller archive is at a place that its source would not name',
    tests: ['test/contract/packing.test.ts'],
  },
  'xz-dictionary': { stops: 'an xz archive that takes all memory', tests: ['test/unit/xz.test.ts'] },
  'signature-required': {
    stops: 'a list without the signature that is required',
    tests: ['test/contract/signed-text.test.ts'],
  },
  'signature-bits': { stops: 'a signature that does not fit the text', tests: SIGNATURE },
  'signature-expired': { stops: 'a signature that has expired', tests: SIGNATURE },
  'key-revoked': { stops: 'a signature by a revoked key', tests: SIGNATURE },
  'subkey-bound': { stops: "a signature by a subkey that the key's owner never bound", tests: SIGNATURE },
  'weak-key': { stops: 'a signature by a key that is too weak', tests: SIGNATURE },
  'note-signature': { stops: 'a checksum tree with a false signature', tests: ['test/unit/sumdb.test.ts'] },
  'note-key': { stops: 'a checksum key with another name or hash', tests: ['test/unit/sumdb.test.ts'] },
  inclusion: { stops: 'a checksum record that is not in the signed tree', tests: SUMDB },
  growth: { stops: 'a checksum tree that rewrites its past', tests: SUMDB },
  'one-tree': { stops: 'two checksum trees of one size', tests: SUMDB },
  'record-proved': { stops: 'a checksum record that nobody proved', tests: SUMDB },
  'growth-checked': { stops: 'a checksum tree whose growth nobody checked', tests: SUMDB },
  'registry-signature': {
    stops: 'an npm package with a false registry signature',
    tests: ['test/unit/npm-signature.test.ts'],
  },
  'two-checksums': { stops: 'a checksum list that says two things', tests: ['test/unit/checksum-list.test.ts'] },
  'vendor-place': {
    stops: "a vendor's list that leads out of the vendor's folder",
    tests: ['test/contract/java-vendors.test.ts'],
  },
  'vendor-archive': {
    stops: "a lock that gives one of a vendor's archives out as that of another version or platform",
    tests: ['test/contract/java-vendors.test.ts'],
  },
  'place-owned': {
    stops: 'a lock that names a place that its source would not name',
    tests: ['test/e2e/main-job.test.ts'],
  },
  'given-hash': {
    stops: "a script of Yarn's other than the one that packageManager names",
    tests: ['test/unit/given-hash.test.ts'],
  },
  'published-file': {
    stops: "a wrapper in the repository that is not its tool's own",
    tests: ['test/unit/published-files.test.ts'],
  },
  'proof-floor': { stops: 'a lock entry with a weaker proof than before', tests: ['test/unit/proof-floor.test.ts'] },
  'archive-proof-floor': {
    stops: 'an archive without the signature that lock or receipt know of',
    tests: ['test/contract/signed-archive.test.ts'],
  },
  'release-signature': {
    stops: 'a release of polyenv that its key has not signed',
    tests: ['test/e2e/self-update.test.ts#nobody signed', 'test/e2e/self-update.test.ts#another key'],
  },
  'layout-downgrade': {
    stops: 'an older polyenv over a home of a newer layout',
    tests: ['test/e2e/self-update.test.ts#no downgrade'],
  },
  'test-key-here-only': {
    stops: 'a release from a network that only the test key has signed',
    tests: ['test/e2e/self-update.test.ts#this machine only'],
  },
  'proof-floor-asked': { stops: 'a downgrade that nobody asked about', tests: ['test/unit/proof-floor.test.ts'] },
  'trust-link': { stops: 'a trust record behind a symbolic link', tests: TRUST },
  'trust-owner': { stops: "another user's trust record", tests: TRUST },
  'trust-content': { stops: 'a manifest that changed after it was trusted', tests: TRUST },
  'argument-names': {
    stops: "shell text in the name of a task's argument",
    tests: ['test/unit/task-arguments.test.ts'],
  },
  'tasks-trust': {
    stops: 'a task of a project that nobody trusted',
    tests: ['test/e2e/run.test.ts', 'test/e2e/run-endings.test.ts'],
  },
  'variable-names': { stops: 'a project that sets a variable by which a loader runs code', tests: MANIFEST },
  'variable-prefixes': { stops: 'the same, by its prefix', tests: MANIFEST },
  'environment-within': { stops: "a project's path inside another's environment", tests: PATHS },
  'path-join': { stops: 'a path that leaves the folder it is joined to', tests: PATHS },
  'removal-key': { stops: 'the removal of what is no toolchain', tests: PATHS },
  'quote-sh': { stops: 'shell text that a name breaks out of', tests: QUOTING },
  'quote-fish': { stops: 'fish text that a name breaks out of', tests: QUOTING },
  'variable-name': {
    stops: 'a variable whose name is shell code',
    tests: ['test/property/quoting.test.ts', ...PATHS],
  },
  'redirect-http': { stops: 'a redirect from https to http', tests: HTTP },
  'cross-origin': { stops: 'a password sent to another host after a redirect', tests: HTTP },
  'manifest-digest': { stops: 'a manifest with other bytes than its digest', tests: REGISTRY },
  'page-origin': { stops: 'a list of tags that goes on at another host', tests: REGISTRY },
  'helper-name': { stops: 'a credential helper whose name is a path', tests: REGISTRY },
  'upload-origin': { stops: 'an archive sent over plain http to another host', tests: REGISTRY },
  'login-origin': { stops: "a registry's login sent to another host with an upload", tests: REGISTRY },
  'registry-cross-origin': { stops: "a registry's login sent to another host after a redirect", tests: REGISTRY },
  'challenge-origin': { stops: 'a login given to whoever a redirect leads to', tests: REGISTRY },
  'token-realm': { stops: 'a login sent for a token over plain http to another host', tests: REGISTRY },
  'layout-digest': {
    stops: 'a manifest in a bundle with other bytes than its digest',
    tests: ['test/unit/image-layout.test.ts'],
  },
  'prune-kept': {
    stops: 'a manifest that a lock names, taken away by another tag of it',
    tests: ['test/e2e/team-store-prune.test.ts'],
  },
  'lock-name': { stops: 'a lock file outside its folder', tests: LOCK },
  'lock-release': { stops: 'the release of a lock that another process holds', tests: LOCK },
  'overlay-interpreter': {
    stops: 'a .venv of another version that answers for the decided one',
    tests: ['test/unit/overlay.test.ts'],
  },
  'change-decided-under-lock': {
    stops: 'a change that was decided from files which another polyenv has changed since',
    tests: ['test/e2e/changes-at-once.test.ts'],
  },
  'service-name': { stops: 'a service whose name is a path', tests: SERVICES },
  'service-prefix': { stops: 'a service whose prefix makes a variable by which a loader runs code', tests: SERVICES },
  'database-name': { stops: 'a database whose name is SQL', tests: SERVICES },
  'server-pid': { stops: 'a state whose process id stands for many processes', tests: SERVERS },
  'server-start': { stops: "a signal to a process that now has a dead server's id", tests: SERVERS },
  'state-absent': { stops: 'a new password for data whose state cannot be read', tests: SERVERS },
  'socket-folder': { stops: "sockets in a folder that is somebody else's", tests: SERVERS },
  'ready-process': { stops: 'a killed server whose file still says that it is ready', tests: SERVERS },
  'leftover-program': { stops: "the end of a stranger who stands in a server's folder", tests: CRASHES },
  'adopted-program': { stops: "the adoption of a stranger who has a dead server's id", tests: CRASHES },
  'port-free': { stops: "a server on a port that is another program's", tests: CRASHES },
  'data-owner': { stops: "a server on another user's data", tests: CRASHES },
  'restart-data-line': {
    stops: 'a server that is stopped for one that would not start on its data',
    tests: [`${CRASHES[0]}#of another line`],
  },
  'copied-home': {
    stops: 'a server of the home that this one was copied from taken for its own',
    tests: [`${CRASHES[0]}#copied while`],
  },
  'data-line': { stops: 'a server on data of another line of versions', tests: CRASHES },
  'snapshot-name': { stops: 'a snapshot whose name is a path', tests: ['test/e2e/services-data.test.ts'] },
  'adopt-gone': { stops: 'the data of a living project taken by another', tests: ['test/e2e/services-data.test.ts'] },
  'prune-running': { stops: 'the data of a running server taken away', tests: ['test/e2e/services-care.test.ts'] },
  'uninstall-running': { stops: 'a toolchain taken from below its server', tests: ['test/e2e/services-care.test.ts'] },
  'self-data': { stops: 'databases taken away with polyenv itself', tests: ['test/e2e/services-care.test.ts'] },
  'extension-name': { stops: 'an extension that the kind does not list', tests: SERVICES },
  'own-shim': { stops: 'a shim that passes through to itself', tests: ['test/shell/shim.test.ts'] },
  'gateway-authority': { stops: 'a request for another port of the same name', tests: NAMES },
  'gateway-forwarded': { stops: 'a client that says where its request came from', tests: NAMES },
  'gateway-hops': { stops: 'a request that goes round between gateways', tests: NAMES },
  'gateway-misdirected': { stops: 'a request for another name than its connection', tests: PROXY },
  'gateway-foreign': { stops: 'a page of elsewhere that speaks to a server of this machine', tests: PROXY },
  'control-folder': { stops: 'another user at the control of the gateway', tests: ['test/gateway/life.test.ts#owner'] },
  'page-escape': { stops: 'a name that is taken for a page', tests: ['test/unit/problem-page.test.ts'] },
  'session-key': { stops: 'a link to the dashboard that was used, or has run out', tests: DASHBOARD },
  'session-halves': { stops: 'half of a session: a stolen cookie or a seen path', tests: DASHBOARD },
  'action-list': { stops: 'an action that the dashboard does not offer', tests: DASHBOARD },
  'dashboard-site': { stops: 'another site that asks for a page of the dashboard', tests: DASHBOARD },
  'dashboard-login-origin': { stops: 'a page of elsewhere that opens a session', tests: DASHBOARD },
  'dashboard-origin': { stops: 'a page of elsewhere that presses a button', tests: DASHBOARD },
  'dashboard-token': { stops: 'a form that is not from a page of ours', tests: DASHBOARD },
  'gateway-half-body': {
    stops: 'half of an upload that a server takes for the whole',
    tests: ['test/gateway/proxy.test.ts#goes away'],
  },
  'dashboard-shown': { stops: 'an action that asks, done before it was shown', tests: DASHBOARD },
  'dashboard-peer': { stops: 'another user of the machine who opens a session', tests: DASHBOARD },
  'gateway-origins': {
    stops: 'a page of elsewhere that a manifest lets in which nobody trusts',
    tests: ['test/gateway/life.test.ts#nobody trusts'],
  },
  'gateway-claim': { stops: 'a name below the one of another project', tests: NAMES },
};

/** A guard as it stands in a source file. */
export interface Standing {
  readonly name: string;
  /** Offsets of the statement in the text. */
  readonly from: number;
  readonly to: number;
}

/**
 * The guards that a source text marks. A statement ends where the formatter ends it: at the first line, no deeper than
 * its first, that ends in `;` or `}`; in a shell script it is one line.
 */
export function guardsIn(text: string, file: string): readonly Standing[] {
  return [...text.matchAll(/^([ \t]*)(?:\/\/|#) guard: ([a-z][a-z-]*)\n/gm)].map((match) => {
    const from = match.index + match[0].length;
    return {
      name: match[2] ?? '',
      from,
      to: file.endsWith('.sh') ? endOfLine(text, from) : endOfStatement(text, from),
    };
  });
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end + 1;
}

function endOfStatement(text: string, from: number): number {
  const depth = indentAt(text, from);
  for (let at = from; at < text.length; ) {
    const end = endOfLine(text, at);
    const line = text.slice(at, end).trimEnd();
    // Without a brace, what an `if` guards stands on the next line, one step deeper.
    const single = at !== from && indentAt(text, at) === depth + 2 && /\)$/.test(text.slice(from, at).trimEnd());
    if (/[;}]$/.test(line) && (indentAt(text, at) <= depth || single)) return end;
    at = end;
  }
  return text.length;
}

function indentAt(text: string, at: number): number {
  return /^[ \t]*/.exec(text.slice(at, at + 80))?.[0].length ?? 0;
}
