import type { ErrorCode } from './errors';

/** What the reference says of an error beyond its title: when it happens, and what helps. Markdown. */
export interface ErrorPage {
  readonly meaning: string;
  readonly fix: string;
}

/** One page for every code: the type demands it. */
export const ERROR_PAGES: Readonly<Record<ErrorCode, ErrorPage>> = {
  failed: {
    meaning:
      'Something went wrong that has no code of its own: mostly a defect of polyenv, or a failure of the system.',
    fix: 'Run the command again with `-v`, which prints the stack, and report what it prints.',
  },
  'home-unwritable': {
    meaning: 'A file or folder cannot be written: another user owns it, or the file system is read-only.',
    fix: 'Look at the owner of the path that is named, or set `POLYENV_HOME` to a folder of your own.',
  },
  'disk-full': {
    meaning: 'The disk, its inodes or your quota are used up. What was begun is taken away again.',
    fix: '`polyenv prune` takes away toolchains that no project uses; then run the command again.',
  },
  'not-installed': {
    meaning: 'The version that is asked for is known, and its files are not on this machine.',
    fix: '`polyenv install` in the project; for a tool outside of one, `polyenv use`.',
  },
  'overlay-refused': {
    meaning:
      'What stands where the project keeps its `.venv` was made by another version, for another folder, or is no environment. Its commands do not run, because they would answer with the wrong version or lose what is installed in it.',
    fix: '`polyenv install` makes it again for the decided version, and installs its packages again. To keep it, pin the version that made it.',
  },
  'in-use': {
    meaning: 'A project on this machine runs on the toolchain that is to be taken away.',
    fix: 'Change that project first, or add `--force`: it is installed again when the project needs it.',
  },
  'service-failed': {
    meaning:
      'A server ended before it was ready, or a step of its own (making its data, a dump) failed. Its data are as they were.',
    fix: 'Read the last lines of its log, which the message shows; `polyenv logs NAME` shows all of them.',
  },
  'service-slow': {
    meaning:
      'The server lives and is not ready, or has not ended, within its time. After a crash a database first repairs its data, which can take minutes. Nothing was killed.',
    fix: '`polyenv logs NAME -f` shows what it does; `polyenv up` waits for it again. `polyenv stop NAME --force` kills it.',
  },
  'service-stopped': {
    meaning: 'What you asked for needs a running server.',
    fix: '`polyenv up NAME`.',
  },
  'service-elsewhere': {
    meaning:
      'The data are in use by a server that this machine cannot see: in another container, or on another machine that shares this home. Two servers on the same data would destroy them.',
    fix: 'Stop it there. Give each container a POLYENV_HOME of its own if both are to run.',
  },
  'service-root': {
    meaning:
      'You are root, the server refuses to run as root, and no other user here can read the toolchain and the data.',
    fix: 'Run polyenv as a user, or set `POLYENV_HOME` to a folder that others may enter, such as `/opt/polyenv`.',
  },
  'service-changed': {
    meaning: 'The manifest asks for another version, port or list of databases than the running server has.',
    fix: '`polyenv restart NAME` starts it as the manifest now says.',
  },
  'data-refused': {
    meaning:
      'The data belong to another user, come from another kind of machine, are half restored, or belong to another project. They are left as they are.',
    fix: 'The message says what is wrong and shows the command.',
  },
  'data-line': {
    meaning: 'A database of one major version does not open the data of another. Nothing was started.',
    fix: '`polyenv upgrade NAME` takes the data over and keeps the old ones; or pin the version that wrote them.',
  },
  'port-taken': {
    meaning: 'Another program listens on the port of the service. polyenv never changes a port in silence.',
    fix: 'Stop that program, or set `port` of the service in polyenv.toml.',
  },
  'service-unknown': {
    meaning: 'No manifest here or above names such a service.',
    fix: '`polyenv ps` lists them; `[services]` in polyenv.toml declares them.',
  },
  'child-failed': {
    meaning: 'A tool that polyenv runs for its own purpose, such as `python -m venv`, ended with a failure.',
    fix: 'Read what the tool said; the message shows the command to run by hand.',
  },
  'tls-tool-missing': {
    meaning:
      'Chromium, Chrome and Firefox keep the authorities that they believe in a database that only `certutil` of Mozilla NSS changes.',
    fix: 'Install it: `libnss3-tools` on Debian and Ubuntu, `nss-tools` on Fedora, `nss` on Arch and Homebrew. Or import the output of `polyenv tls ca` in the settings of the browser.',
  },
  'gateway-failed': {
    meaning:
      'The process that serves names below `.localhost` did not start, or is suspended. Services and tasks go on without it.',
    fix: '`polyenv gateway logs` shows what it said. Where its port is taken by another program, choose another: `polyenv gateway start --port 8450`.',
  },
  'folder-vanished': {
    meaning: 'The shell stands in a folder that was deleted or moved.',
    fix: '`cd` to a folder that exists.',
  },
  usage: {
    meaning: 'A command, option or argument is wrong, or a question could not be asked because no terminal is there.',
    fix: '`polyenv help COMMAND` shows the form. In scripts, `--yes` answers questions.',
  },
  'request-invalid': {
    meaning: 'The text behind `@` is no version, range or channel of that runtime.',
    fix: 'See [requests](requests.md) for the forms, `polyenv ls-remote TOOL` for what exists.',
  },
  'tool-unknown': {
    meaning: 'No runtime has that name; the nearest one is suggested.',
    fix: 'See [runtimes](runtimes.md) for the names.',
  },
  'request-unsupported': {
    meaning: 'The request is understood and deliberately not offered: another vendor, another form of a request.',
    fix: 'Ask for what is offered, or link your own copy: `polyenv link TOOL@VERSION DIR`.',
  },
  'task-unknown': {
    meaning: 'Neither this folder nor one above it has a manifest with a task of that name.',
    fix: '`polyenv run --list` shows the tasks. Scripts of `package.json`, aliases of cargo and targets of make are run by their own tools.',
  },
  'shell-unknown': {
    meaning: 'polyenv knows the start-up files of some shells only, and yours is none of them.',
    fix: 'Put the shims folder on `PATH` by hand: `$POLYENV_HOME/shims` before all others.',
  },
  'manifest-invalid': {
    meaning:
      'A `polyenv.toml` or `polyenv.local.toml` is no TOML, or holds what [its form](manifest.md) does not have.',
    fix: 'Fix the line that is named. Nothing was changed.',
  },
  'manifest-edit-refused': {
    meaning: 'The change could not be made without touching other bytes of the file, so it was not made.',
    fix: 'Write the line that is shown into the file yourself.',
  },
  'manifest-exists': {
    meaning: '`polyenv init` makes a manifest where there is none.',
    fix: '`polyenv use TOOL@REQUEST` adds to the one that is there.',
  },
  'manifest-missing': {
    meaning: 'Neither this folder nor one above it has a manifest or a version file.',
    fix: '`polyenv use node@lts` makes a manifest; `polyenv init` proposes one from what the repository says.',
  },
  'history-missing': {
    meaning: '`polyenv rollback` found no change of `polyenv.toml` or `polyenv.lock` in this folder that polyenv made.',
    fix: 'What version control remembers: `git log -p polyenv.toml polyenv.lock`.',
  },
  'pin-edit-refused': {
    meaning: '`polyenv sync` could not change the version in a file without touching anything else.',
    fix: 'Change that line by hand; the message says what it should say.',
  },
  'pin-file-invalid': {
    meaning:
      'A [version file](pin-files.md) that decides cannot be obeyed. Another version is never taken in its place.',
    fix: 'Fix the line that is named, or pin the runtime nearer by `polyenv use`.',
  },
  'lockfile-invalid': {
    meaning: 'A `polyenv.lock` is no TOML, is too large, or holds what [its form](lockfile.md) does not have.',
    fix: 'Restore it from version control, or delete it and run `polyenv lock`.',
  },
  'lockfile-newer': {
    meaning: 'A newer polyenv wrote this lock in a form that this one does not know.',
    fix: 'Update polyenv. The lock was not changed.',
  },
  'settings-invalid': {
    meaning: 'A [setting](settings.md) has a wrong value or an unknown name, in a file or in a variable.',
    fix: 'Fix the file and line, or the variable, that are named. `polyenv settings unset NAME` works meanwhile.',
  },
  'settings-locked': {
    meaning: "The organisation's file fixes the setting, and a weaker value was wanted.",
    fix: 'Take the weaker value away, or ask whoever keeps that file. A stricter value is allowed.',
  },
  'state-invalid': {
    meaning: "A file of polyenv's own, below its home, is damaged.",
    fix: '`polyenv doctor` and `polyenv verify --repair` fix what can be fixed.',
  },
  'layout-newer': {
    meaning: 'A newer polyenv has made this home, and an older one would mangle it.',
    fix: 'Update polyenv, or set `POLYENV_HOME` to another folder.',
  },
  'name-taken': {
    meaning:
      'The part of a name before `.localhost` belongs to one project with all names below it, and another project was there first: perhaps another clone or worktree of the same one.',
    fix: "Write another name below `[domains]`, or give the other project's up with `polyenv down` in its folder. What belongs to a folder that is gone is free by itself.",
  },
  'template-invalid': {
    meaning: 'A template has no description, an unknown key, or a file that no template may hold.',
    fix: 'Fix the line that is named; [templates](../guide/templates/README.md) describes the form.',
  },
  'version-not-found': {
    meaning: 'The sources were asked, and none of their releases answers the request.',
    fix: '`polyenv ls-remote TOOL` lists them; the message names the nearest.',
  },
  'platform-missing': {
    meaning: 'The release exists and has no build for this system and processor.',
    fix: 'Ask for another version; `polyenv.lock` lists the gaps of the one that was chosen.',
  },
  'cannot-start': {
    meaning:
      'The build needs a C library, loader or processor that this system does not have, or it does not say the version that it should.',
    fix: 'Ask for an older version, or update the system. On NixOS a loader is needed: see the message.',
  },
  network: {
    meaning: 'No connection, no answer in time, a broken answer, or a page that wants you to sign in.',
    fix: 'Check the network and the proxy variables, or set a [mirror](../guide/mirrors.md). A broken download goes on where it stopped.',
  },
  offline: {
    meaning: '`--offline` (or the setting) is on and something is needed that the cache does not hold.',
    fix: 'Run the command once without `--offline`, or bring a bundle: see [air-gapped](../guide/air-gapped.md).',
  },
  'http-status': {
    meaning: 'A server answered, and refused: not there, not allowed, too many requests, or its own failure.',
    fix: 'For 401 and 403 put a login into `~/.netrc`; for 404 check the mirror; otherwise try again later.',
  },
  'store-missing': {
    meaning: '`store.mode` is `only`, and the repository of the setting `store` does not have the archive.',
    fix: '`polyenv push REFERENCE` from a machine that reaches the official sites, or `polyenv settings set store.mode first`.',
  },
  'upstream-malformed': {
    meaning:
      'An index or list is not in the form that its publisher documents: mostly a mirror, or a proxy in between.',
    fix: 'Check `polyenv settings get mirrors`, and try without a mirror.',
  },
  'insecure-url': {
    meaning: 'A URL, or the place that it redirects to, is not https and not on this machine.',
    fix: 'Use https. If plain http is meant: `polyenv settings set network.insecure_http true`.',
  },
  'certificate-invalid': {
    meaning: "The server's certificate is expired, for another name, or from an authority that is not known here.",
    fix: "Export `NODE_EXTRA_CA_CERTS` with your company's authority: see [company proxy](../guide/company-proxy.md). Check the clock.",
  },
  'digest-mismatch': {
    meaning: 'The bytes do not have the digest that the lock or the index promised. Nothing was installed.',
    fix: 'Try without a mirror. If the upstream replaced the file, find out why before `polyenv lock`.',
  },
  'digest-missing': {
    meaning: 'The source gives no digest for the file. polyenv installs nothing unproved.',
    fix: 'Choose another source with `--source`, or another version.',
  },
  'signature-invalid': {
    meaning: 'A signature does not fit the bytes that it is said to sign. Nothing was installed.',
    fix: 'Something on the way changed the bytes: try without a mirror, and ask whoever runs it.',
  },
  'signature-missing': {
    meaning: '`verify.signatures` is `required`, and the place that was asked has no signature.',
    fix: 'Use a mirror that carries signatures, or `polyenv settings set verify.signatures when-present`.',
  },
  'key-unknown': {
    meaning: 'The signature is by a key that is not pinned: a new releaser, or somebody else.',
    fix: 'Once you know that the key is right: `polyenv settings set verify.keys FINGERPRINT`. See [verification](../guide/verification.md).',
  },
  'proof-weaker': {
    meaning: 'What can be proved today is less than what the lock records, or than `verify.minimum` demands.',
    fix: 'Find out why; to accept it, lock it again from that source: `polyenv use TOOL@REQUEST --source ID`.',
  },
  'archive-refused': {
    meaning: 'An archive has a member that would leave its folder, a device, a colliding name, or grows beyond bounds.',
    fix: 'Nothing was installed. Report it to whoever publishes the archive.',
  },
  'archive-invalid': {
    meaning: 'An archive ends early, contradicts itself, or cannot be unpacked.',
    fix: 'Try again; it may have been damaged on the way. A bundle: make it again.',
  },
  'toolchain-damaged': {
    meaning: 'Files of an installed toolchain are missing or changed since it was installed.',
    fix: '`polyenv verify --repair` installs it again.',
  },
  'lock-stale': {
    meaning:
      'The manifest or a version file asks for something that the lock does not answer, and `--frozen` changes nothing.',
    fix: '`polyenv lock` (or `polyenv install`), then commit `polyenv.lock`.',
  },
  'lock-missing': {
    meaning: 'A lock is needed and there is none.',
    fix: '`polyenv lock`, then commit `polyenv.lock`. It needs a `polyenv.toml`.',
  },
  'frozen-linked': {
    meaning:
      'The lock holds nothing, because what the project pins was linked on the machine that wrote it. A linked toolchain is never what a lock says.',
    fix: 'Install without `--frozen`, or reach a source: a mirror, a registry, a bundle.',
  },
  'not-trusted': {
    meaning: 'Variables, paths, tasks and sources of a project apply only once a person has agreed to them.',
    fix: '`polyenv trust --show` shows them; `polyenv trust` agrees.',
  },
  'lock-foreign': {
    meaning:
      'The lock names a URL or package that the source beside it would never name for that version. Trust does not change that.',
    fix: 'Ask who changed `polyenv.lock`. `polyenv lock` makes it again.',
  },
  'path-refused': {
    meaning:
      'A name from outside would become a path or a word of a shell, and has characters that are not allowed there.',
    fix: 'Look at where the name comes from. A project below a folder called `.polyenv` has to be moved.',
  },
  'source-refused': {
    meaning: 'The source is not among `sources.allowed`, or the runtime has no such source.',
    fix: '`polyenv settings get sources.allowed`; [runtimes](runtimes.md) lists the sources.',
  },
  busy: {
    meaning: 'Another polyenv holds what this one needs, and did not finish within `lock.timeout`.',
    fix: 'Wait for it; the message names its process and what it does. A lock of a dead process is taken over by itself.',
  },
  findings: {
    meaning: 'With `--exit-code` a report that found something ends with this status.',
    fix: 'Read the findings; each says its fix.',
  },
  'command-not-executable': {
    meaning: 'The file behind a command is there and the system does not start it.',
    fix: '`polyenv which --why COMMAND` names the file; `polyenv verify` checks it.',
  },
  loop: {
    meaning: 'Shims passed a call on to each other twenty times: another manager passes it back.',
    fix: '`polyenv doctor` names other managers on `PATH`.',
  },
  'command-not-found': {
    meaning: 'No pin of this folder provides the command, and it is nowhere else on `PATH`.',
    fix: 'The message says which runtime provides it, if one does: `polyenv use` pins that.',
  },
  interrupted: {
    meaning: 'The command was stopped by Ctrl-C or a signal. Old state holds.',
    fix: 'Run it again; downloads go on where they stopped.',
  },
};
