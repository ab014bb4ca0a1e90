import { present } from './present';
/**
 * Every way to fail, by code: its exit status and what it means in general. The reference prints one page a code.
 * Statuses: 1 failure, 2 usage, 3 manifest or settings, 4 no such version or platform, 5 network or offline,
 * 6 digest or signature, 7 lock out of date or frozen, 8 not trusted, 9 busy, 126/127 from shims.
 */
export const CATALOGUE = {
  failed: { exit: 1, title: 'The command could not be carried out' },
  'home-unwritable': { exit: 1, title: "polyenv's home cannot be written" },
  'disk-full': { exit: 1, title: 'No space is left where polyenv writes' },
  'not-installed': { exit: 1, title: 'A pinned runtime is not installed' },
  'overlay-refused': { exit: 1, title: 'The .venv of the project does not belong to the decided version' },
  'in-use': { exit: 1, title: 'A toolchain is still pinned by a project' },
  'service-failed': { exit: 1, title: 'A service did not start or did not do what was asked' },
  'service-slow': { exit: 1, title: 'A service takes longer than it should' },
  'service-stopped': { exit: 1, title: 'A service does not run' },
  'service-elsewhere': { exit: 9, title: 'A service runs in another container or on another machine' },
  'service-root': { exit: 1, title: 'A server that refuses root, and no other user for it' },
  'service-changed': { exit: 1, title: 'A running service is not what the manifest now asks for' },
  'data-refused': { exit: 1, title: "A service's data cannot be used as they are" },
  'data-line': { exit: 1, title: "A service's data were written by another line of versions" },
  'port-taken': { exit: 1, title: 'The port of a service is taken' },
  'child-failed': { exit: 1, title: 'A program that polyenv started failed' },
  'tls-tool-missing': { exit: 1, title: 'A program that changes what browsers believe is missing' },
  'gateway-failed': { exit: 1, title: 'The gateway could not be started, or does not answer' },
  'folder-vanished': { exit: 1, title: 'The working folder no longer exists' },
  usage: { exit: 2, title: 'The command line is not understood' },
  'request-invalid': { exit: 2, title: 'A version request is not understood' },
  'tool-unknown': { exit: 2, title: 'No runtime of that name is known' },
  'request-unsupported': { exit: 2, title: 'A form of request that polyenv does not offer' },
  'service-unknown': { exit: 2, title: 'No service of that name is known' },
  'task-unknown': { exit: 2, title: 'No task of that name is known' },
  'shell-unknown': { exit: 2, title: 'No such shell is supported' },
  'manifest-invalid': { exit: 3, title: 'polyenv.toml cannot be read' },
  'manifest-edit-refused': { exit: 3, title: 'polyenv.toml cannot be edited safely' },
  'manifest-exists': { exit: 3, title: 'There is a polyenv.toml already' },
  'manifest-missing': { exit: 3, title: 'No project is found here' },
  'history-missing': { exit: 3, title: 'There is no change to take back' },
  'pin-edit-refused': { exit: 3, title: 'A version file cannot be edited safely' },
  'pin-file-invalid': { exit: 3, title: 'A version file cannot be honoured' },
  'lockfile-invalid': { exit: 3, title: 'polyenv.lock cannot be read' },
  'lockfile-newer': { exit: 3, title: 'polyenv.lock was written by a newer polyenv' },
  'settings-invalid': { exit: 3, title: 'A settings file or variable cannot be read' },
  'settings-locked': { exit: 3, title: "The organisation's settings do not allow that" },
  'state-invalid': { exit: 3, title: "A file of polyenv's own state cannot be read" },
  'layout-newer': { exit: 3, title: "polyenv's home was made by a newer polyenv" },
  'name-taken': { exit: 3, title: 'A name belongs to another project' },
  'template-invalid': { exit: 3, title: 'A template cannot be read' },
  'version-not-found': { exit: 4, title: 'No release answers the request' },
  'platform-missing': { exit: 4, title: 'The release is not offered for this platform' },
  'cannot-start': { exit: 4, title: 'The runtime cannot start on this system' },
  network: { exit: 5, title: 'A server cannot be reached' },
  offline: { exit: 5, title: 'The network is switched off and the cache does not have it' },
  'http-status': { exit: 5, title: 'A server refused' },
  'store-missing': { exit: 5, title: "The team's store does not have it" },
  'upstream-malformed': { exit: 5, title: 'A server answered something that cannot be read' },
  'insecure-url': { exit: 5, title: 'A URL is not protected' },
  'certificate-invalid': { exit: 5, title: "A server's certificate is not accepted" },
  'digest-mismatch': { exit: 6, title: 'Downloaded bytes are not the ones that were promised' },
  'digest-missing': { exit: 6, title: 'No digest is known, so nothing is installed' },
  'signature-invalid': { exit: 6, title: 'A signature does not hold' },
  'signature-missing': { exit: 6, title: 'A signature is required and there is none' },
  'key-unknown': { exit: 6, title: 'A signature is by a key that is not pinned' },
  'proof-weaker': { exit: 6, title: 'The proof is weaker than the one the lock records' },
  'archive-refused': { exit: 6, title: 'An archive holds something that must not be unpacked' },
  'archive-invalid': { exit: 6, title: 'An archive is damaged' },
  'toolchain-damaged': { exit: 6, title: 'An installed toolchain is not what was installed' },
  'lock-stale': { exit: 7, title: 'The lock does not match the manifest' },
  'lock-missing': { exit: 7, title: 'There is no lock, and --frozen needs one' },
  'frozen-linked': { exit: 7, title: '--frozen does not accept a linked toolchain' },
  'not-trusted': { exit: 8, title: 'The project is not trusted to do that' },
  'lock-foreign': { exit: 8, title: 'The lock names a place that its source would not name' },
  'path-refused': { exit: 8, title: 'A name would leave the folder it belongs to' },
  'source-refused': { exit: 8, title: 'The source is not allowed' },
  busy: { exit: 9, title: 'Another polyenv is at work on that' },
  findings: { exit: 10, title: 'Findings were reported' },
  'command-not-executable': { exit: 126, title: 'A command was found but cannot be run' },
  loop: { exit: 126, title: 'Commands call each other in a circle' },
  'command-not-found': { exit: 127, title: 'No such command' },
  interrupted: { exit: 130, title: 'Interrupted' },
} as const;

export type ErrorCode = keyof typeof CATALOGUE;

export interface ErrorPlace {
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

export interface Slip {
  readonly typed: string;
  readonly meant: string;
}

export interface ErrorDetails {
  readonly where?: ErrorPlace;
  /** The command that fixes it, or the next step in a few words. */
  readonly hint?: string;
  /** A name with a slip in it, and the known one that it most likely is: with it the hint can be the whole command line. */
  readonly slip?: Slip;
  /** Last lines of what another program said, shown below. */
  readonly said?: readonly string[];
  /** True if the same request to another mirror or source could succeed: only then is the next one tried. */
  readonly elsewhere?: true;
  /** HTTP status, for `http-status`. */
  readonly status?: number;
  /** What could not be written, for `disk-full`: it tells which disk that is. */
  readonly full?: string;
  readonly cause?: unknown;
}

/** The one error that people see: what, where, and how to fix it. Anything else that is thrown is a defect. */
export class PolyenvError extends Error {
  override readonly name = 'PolyenvError';
  readonly code: ErrorCode;
  readonly where: ErrorPlace | undefined;
  readonly hint: string | undefined;
  readonly slip: Slip | undefined;
  readonly said: readonly string[] | undefined;
  readonly elsewhere: boolean;
  readonly status: number | undefined;
  readonly full: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
    this.slip = details.slip;
    this.said = details.said;
    this.elsewhere = details.elsewhere ?? false;
    this.status = details.status;
    this.full = details.full;
  }

  get exit(): number {
    return CATALOGUE[this.code].exit;
  }

  /** For an error that says more than this one. */
  get details(): ErrorDetails {
    const { where, hint, slip, said, elsewhere, status, full, cause } = this;
    return {
      ...present({ where, hint, slip, said }),
      ...(elsewhere && { elsewhere: true }),
      ...present({ status, full, cause }),
    };
  }
}
