/** One guard of the product, and how it is taken out to see that a test misses it. */
export interface Guard {
  /** Unique, kebab-case. */
  readonly name: string;
  /** What it holds off. */
  readonly what: string;
  /** Relative to the project's root. */
  readonly file: string;
  /** Text that stands exactly once in the file. */
  readonly take: string;
  /** What stands there instead; default nothing. */
  readonly put: string;
  /** Test files of which at least one test must fail then; `FILE#S13` for the tests of those words in it. */
  readonly tests: readonly string[];
}

type Row = readonly [name: string, what: string, take: string, put?: string];

interface Group {
  readonly file: string;
  readonly tests: readonly string[];
  readonly rows: readonly Row[];
}

const GROUPS: readonly Group[] = [
  {
    file: 'src/adapters/documents/documents.ts',
    tests: ['test/faults/matrix.test.ts#S13'],
    rows: [['exact-name', 'a pin file in another case, where case is folded', ' || !isNamedExactly(path)']],
  },
  {
    file: 'src/adapters/files/fs.ts',
    tests: ['test/unit/fs.test.ts'],
    rows: [['quota-name', 'a used up quota, for which Node has no name', 'UNNAMED.exec(code)?.[1]', 'undefined']],
  },
  {
    file: 'src/adapters/store/standing.ts',
    tests: ['test/e2e/exec.test.ts'],
    rows: [
      [
        'standing-inputs',
        'an environment older than the manifest',
        'inputs.every((file, index) => timeOf(file) === timeOf(join(stamps, String(index))))',
        'inputs.length > 0',
      ],
      [
        'standing-absences',
        'an environment without a pin that appeared since',
        'absences.every((file) => found(file) === undefined)',
        'absences.length > 0',
      ],
      [
        'standing-toolchain',
        'an environment whose toolchain is gone',
        'runtimes.every(({ toolchain }) => found(toolchain)?.isDirectory())',
        'runtimes.length > 0',
      ],
    ],
  },
  {
    file: 'src/app/base/ready-home.ts',
    tests: ['test/e2e/home.test.ts'],
    rows: [
      [
        'home-noexec',
        'a home from which nothing can be started',
        'if (isNoexec(launcherPath(home))) {',
        'if (home.tmp === undefined) {',
      ],
      [
        'home-owner',
        "root's files in somebody's home, untold",
        'if (host.uid !== 0 || owner',
        'if (host.uid !== -1 || owner',
      ],
    ],
  },
  {
    file: 'src/app/changes/use.ts',
    tests: ['test/e2e/home.test.ts'],
    rows: [['deep-project', 'a manifest in a project that can have no routes', 'refuseDeepProject(ctx.home, folder);']],
  },
  {
    file: 'src/app/routes/execute.ts',
    tests: ['test/e2e/exec.test.ts'],
    rows: [
      [
        'standing-once',
        'a version for this once that is not asked',
        'if (runtimeIds().some((id) => env[`POLYENV_${id.toUpperCase()}`])) return undefined;',
      ],
      [
        'standing-outer',
        'an environment without what the one that started it pins',
        'if (env.POLYENV_ENV && env.POLYENV_ENV !== folder) return undefined;',
      ],
      ['standing-default', "an environment without a person's default", 'decides && !besides', 'decides'],
    ],
  },
  {
    file: 'src/domain/routes/activation.ts',
    tests: ['test/shell/activation.test.ts'],
    rows: [
      [
        'hook-values',
        'values and folders that a shell would evaluate on entering a project',
        "  .map(({ word, values }) => `__polyenv_${word} ${values.map(quoteSh).join(' ')}\\n`)",
        '  .map(({ word, values }) => `__polyenv_${word} ${values.map((value) => `"${value}"`).join(\' \')}\\n`)',
      ],
      [
        'hook-absences',
        'a pin that appeared since the hook was compiled',
        "${gone.map((file) => `[ ! -e ${file} ] || return 0\\n`).join('')}",
      ],
    ],
  },
  {
    file: 'src/shim/activate.sh',
    tests: ['test/shell/activation.test.ts'],
    rows: [
      ['hook-input', 'a prompt that waits for what a person types', ' </dev/null >/dev/null', ' >/dev/null'],
      ['hook-once', 'a word at every prompt', '*"$__polyenv_rs$__polyenv_key$__polyenv_rs"*) ;;'],
      [
        'hook-again',
        'polyenv started at every prompt where it fails',
        '[[ $__polyenv_failed == "$1/" ]] || return 0',
        'return 0',
      ],
      [
        'undo-exact',
        'a variable of the project that stays after leaving it',
        '*:u*) unset -v "$__polyenv_n" ;;',
        '*:u*) ;;',
      ],
    ],
  },
  {
    file: 'src/app/routes/tasks.ts',
    tests: ['test/e2e/run.test.ts', 'test/e2e/run-endings.test.ts'],
    rows: [
      ['tasks-trust', 'tasks of a project that nobody trusted', 'if (!listed.trusted) {', 'if (false) {'],
      [
        'tasks-folder',
        'a task whose folder leads out of the project',
        'if (isInside(base, dir)) return join(base, dir);',
        'return join(base, dir);',
      ],
      ['tasks-root', 'tasks of folders above that are not of the project', 'if (root || folder', 'if (folder'],
      ['tasks-arguments', 'arguments that would be a command', 'refuseLostArguments(listed, call.args);'],
      ['tasks-failed', 'others that go on when one could not be started', 'this.#fail({ error });'],
    ],
  },
  {
    file: 'src/adapters/system/supervise.ts',
    tests: ['test/e2e/run.test.ts', 'test/e2e/run-endings.test.ts'],
    rows: [
      ['tasks-left', 'a process that a task leaves behind', 'if (own) await endGroup(pid);'],
      [
        'tasks-asked-once',
        'a second signal that cuts short how a service ends',
        "let asked = sent === 'SIGTERM' || sent === 'SIGKILL';",
        'let asked = false;',
      ],
      [
        'tasks-keys',
        "a program on the terminal that is ended although the terminal's keys mean something to it",
        "if (!own && signal === 'SIGINT') return;",
      ],
      [
        'tasks-job',
        'what a task on the terminal started, when polyenv is ended',
        "echo = signal !== 'SIGKILL' && host.signalGroup(host.pid, signal);",
      ],
      [
        'tasks-again',
        'a person who must wait for what hears no signal',
        "if (again) send('SIGKILL');",
        "if (again) send('SIGTERM');",
      ],
      ['tasks-lines', 'lines of two tasks that mix', "rest = lines.pop() ?? '';", "rest = '';"],
    ],
  },
  {
    file: 'src/adapters/upstream/download.ts',
    tests: ['test/unit/download.test.ts'],
    rows: [
      [
        'digest-streamed',
        'an archive that is unpacked while it arrives, with another digest',
        `if (hash.copy().digest('hex') !== digest.value)
      throw wrongDigest(options, { transfer, actual: hash.digest('hex') });`,
      ],
      [
        'digest-whole',
        'an archive that is received whole first, with another digest',
        "if (digest.kind !== 'h1' && actual !== digest.value) throw wrongDigest(options, { transfer, actual });",
      ],
      [
        'digest-tree',
        "members that do not add up to Go's hash of the tree",
        'if (tree !== undefined && tree !== digest.value) throw wrongDigest(options, { transfer, actual: tree });',
      ],
      [
        'digest-kept',
        'a kept archive that was changed since',
        '(await hashFile(path, digest.kind)) === digest.value',
        'true',
      ],
      ['size', 'more bytes than were promised', 'if (offset > (part.size ?? MOST_BYTES)) throw tooLong();'],
      [
        'cut-short',
        'fewer bytes than were promised, where the answer names no length',
        `if (part.size === undefined || offset >= part.size || !openEnded) return;
        throw cutShort();`,
        'return;',
      ],
      [
        'range-start',
        'a range that starts elsewhere',
        'if (answer.status === 206 && (!resume || !startsAt(answer, from)))',
        'if (false)',
      ],
      [
        'resume-proved',
        'a resumed download of a file that changed in between',
        "if (offset > 0 && (next === undefined || next !== validator)) throw restart('the server sent another file');",
      ],
      [
        'partial-link',
        'a partial file that is a link to something else',
        'if (found !== undefined && !found.isFile()) await removeTree(path);',
      ],
      ['offline-download', 'a download with --offline', 'if (!offline) return;', 'return;'],
    ],
  },
  {
    file: 'src/adapters/archives/tree-writer.ts',
    tests: ['test/unit/unpack.test.ts'],
    rows: [
      [
        'name-parent',
        'members that leave by ".."',
        `if (parts.includes('..')) refuse(name, 'leaves its folder by ".."');`,
      ],
      [
        'name-absolute',
        'members with an absolute name',
        "if (name.startsWith('/')) refuse(name, 'has an absolute name');",
      ],
      [
        'name-control',
        'members whose name acts on a terminal',
        "if (CONTROL.test(name) || name.includes('\\uFFFD')) refuse(name, 'has unreadable characters');",
      ],
      [
        'name-length',
        'names that no file system holds',
        'if (long !== undefined) refuse(name, `has a name of more than ${limits.nameBytes} bytes`);',
      ],
      [
        'path-length',
        'paths that no file system holds',
        'if (Buffer.byteLength(name) > limits.pathBytes) refuse(name, `has a name of more than ${limits.pathBytes} bytes`);',
      ],
      [
        'depth',
        'folders within folders without end',
        'if (parts.length > limits.depth) refuse(name, `lies deeper than ${limits.depth} folders`);',
      ],
      [
        'entry-count',
        'members without end',
        'if (entries > limits.entries) refuse(member.name, `is one of more than ${limits.entries} members`);',
      ],
      [
        'bytes',
        'bytes without end',
        'if (bytes > limits.bytes) refuse(member.name, `makes it larger than ${limits.bytes} bytes`);',
      ],
      [
        'link-absolute',
        'links to an absolute path',
        "if (target.startsWith('/')) refuse(name, `is a link to the absolute path ${shown}`);",
      ],
      ['link-out', 'links that lead out', 'if (!inside) refuse(name, `is a link that leads out: ${shown}`);'],
      [
        'link-winding',
        'links that go up after a name, which may be a link itself',
        "if (named !== -1 && steps.indexOf('..', named) !== -1) refuse(name, `is a link that winds: ${shown}`);",
      ],
      [
        'link-through',
        'members that go through a link',
        'if (above || !folders.has(real)) refuse(name, `goes through the link ${quoted(prefix)}`);',
      ],
      [
        'link-chain',
        'members that go through a chain of links',
        "if (links.has(rest.slice(0, index).join('/'))) refuse(name, `goes through the link ${quoted(prefix)}`);",
      ],
      [
        'hard-link',
        'hard links to what the archive does not hold',
        'if (original === undefined || file === undefined) {',
        'if (false) {',
      ],
      [
        'member-twice',
        'two members of one name',
        "if (files.has(path) || links.has(path) || folders.has(path)) refuse(name, 'is there twice');",
      ],
      [
        'case-fold',
        'members that a file system folds into one',
        'if (other !== undefined && other !== path) {',
        'if (false) {',
      ],
      [
        'folder-is-file',
        'a file or link where a folder is needed',
        `if (files.has(path) || links.has(path))
      refuse(name, \`needs the folder \${quoted(path)}, which is a file or link there\`);`,
      ],
      [
        'folder-of-others',
        'a folder that others replaced by a link',
        'if (!lstatSync(target).isDirectory()) refuse(name, `needs the folder ${quoted(path)}, which is something else`);',
      ],
      [
        'mode-mask',
        'setuid, setgid, sticky and files that others can write',
        'return executable ? 0o555 : 0o444;',
        'return member.mode ?? (executable ? 0o555 : 0o444);',
      ],
    ],
  },
  {
    file: 'src/adapters/archives/file-writer.ts',
    tests: ['test/unit/unpack.test.ts'],
    rows: [
      [
        'file-new',
        'files and links of others in the way',
        'constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW',
        'constants.O_CREAT',
      ],
    ],
  },
  {
    file: 'src/adapters/archives/tar-reader.ts',
    tests: ['test/unit/unpack.test.ts'],
    rows: [
      [
        'device',
        'devices, pipes and kinds that nobody knows',
        'if (kind === undefined) throw refused(name, `is of a kind that is not unpacked (${quoted(found.type)})`);',
        "if (kind === undefined) return { name, kind: 'file', mode: found.mode, size };",
      ],
      [
        'two-sizes',
        'a header and its extension that say two sizes',
        "if (pending.size !== undefined && pending.size !== String(size)) throw refused(name, 'says two different sizes');",
      ],
      [
        'two-names',
        'two extensions that give one member two names',
        'if (pending[key] !== undefined) throw refused(value, `has two headers with a ${key}`);',
      ],
      [
        'content-of-link',
        'content behind what is no file',
        "if (kind !== 'file' && size !== 0) throw refused(name, 'has content, though it is no file');",
      ],
      ['trailing-members', 'members behind the end', "if (zeroBlocks > 0) throw damaged('goes on after its end');"],
      [
        'cut-tar',
        'an archive that ends early',
        "if (left > 0 || padding > 0 || held > 0 || zeroBlocks < 2) throw damaged('ends in the middle');",
      ],
      [
        'header-sum',
        'a damaged header',
        "if (sum !== checksumOf(block)) throw damaged('has a header whose sum is wrong');",
      ],
      [
        'global-header',
        'a header that renames all members',
        "if (type === 'g' && matters) throw refused('', `has a header for all members with a ${key}`);",
      ],
      ['sparse', 'sparse files', "if (key.startsWith('GNU.sparse.')) throw refused('', 'is a sparse file');"],
      [
        'header-size',
        'a header that fills the memory',
        "if (found.size > MOST_EXTENSION) throw refused(found.name, 'has a header that is too large');",
      ],
      [
        'name-utf8',
        'names that are not UTF-8',
        "if (!isUtf8(bytes)) throw refused(bytes.toString('latin1'), 'has a name that is not UTF-8');",
      ],
    ],
  },
  {
    file: 'src/adapters/archives/unpack.ts',
    tests: ['test/unit/unpack.test.ts'],
    rows: [
      [
        'bomb',
        'a few bytes that unpack to very many',
        'if (unpacked > RATIO_FROM && unpacked > packed * MOST_RATIO) throw bomb();',
      ],
      [
        'trailing-data',
        'bytes behind the end of the gzip file',
        "if (gunzip.bytesWritten !== packed) throw damaged('goes on after its end');",
      ],
    ],
  },
  {
    file: 'src/adapters/archives/zip-reader.ts',
    tests: ['test/unit/unpack.test.ts'],
    rows: [
      [
        'zip-trailing',
        'bytes behind the end of a zip',
        "if (end.length !== 22 + end.readUInt16LE(20)) throw damaged('goes on after its end');",
      ],
      [
        'zip-front',
        'bytes before the first member',
        "if ((sorted[0]?.offset ?? end) !== 0) throw damaged('does not start with its first member');",
      ],
      [
        'zip-overlap',
        'members that overlap, so that few bytes become many',
        `if (stop < record.offset + 30 + record.nameBytes.length + record.packed)
      throw refused(name, 'overlaps the next one');`,
      ],
      [
        'zip-two-ways',
        'a member that its two headers describe differently',
        "if (!same) throw refused(name, 'is described in two ways');",
      ],
      ['zip-second-name', 'a field with a second name', "if (id === 0x7075) throw refused(name, 'has a second name');"],
      [
        'zip-size',
        'a declared size that cannot be',
        "if (method === 0 ? size !== packed : size > packed * 1100 + 64) throw refused(name, 'says a size that cannot be');",
      ],
      [
        'zip-sum',
        'damaged content',
        'if (content.length !== size || crc32(content) !== crc) throw badContent(record);',
      ],
      [
        'zip-encrypted',
        'encrypted members and kinds that nobody knows',
        "if ((flags & ~ALLOWED_FLAGS) !== 0) throw refused(name, 'is encrypted or of an unknown kind');",
      ],
      [
        'zip-kind',
        'devices and pipes in a zip',
        "if (type !== 0 && type !== expected) throw refused(name, 'is neither a file nor a folder');",
      ],
    ],
  },
  {
    file: 'src/adapters/upstream/signed-text.ts',
    tests: ['test/contract/signed-text.test.ts'],
    rows: [
      [
        'signature-required',
        'a list whose signature was taken away',
        "if (options.settings.verifySignatures === 'when-present') return",
        'if (true) return',
      ],
    ],
  },
  {
    file: 'src/adapters/upstream/signed-archive.ts',
    tests: ['test/contract/signed-archive.test.ts'],
    rows: [
      [
        'archive-signature-required',
        'an archive whose signature was taken away',
        "if (options.settings.verifySignatures !== 'require') return undefined;",
        'return undefined;',
      ],
    ],
  },
  {
    file: 'src/adapters/upstream/signature.ts',
    tests: ['test/unit/signature.test.ts'],
    rows: [
      [
        'fingerprint',
        'the key of somebody else under a pinned fingerprint',
        'keys.find((key) => key.getFingerprint() === wanted)',
        'keys[0]',
      ],
      [
        'signature-bits',
        'a signature over other bytes',
        'await holds(signature, { by: signer.packet, type: signatureType, data: literal, strict });',
      ],
      [
        'signature-expired',
        'a signature that says it has expired',
        'if (expires instanceof Date && (now ?? new Date()) >= expires) {',
        'if (false) {',
      ],
      [
        'signature-older',
        'a signature that is older than its key',
        "if (created < signer.packet.created) throw invalid('it is older than the key that made it');",
      ],
      ['key-revoked', 'a key that was compromised', 'await checkRevocations(created, { ...checked, strict });'],
      [
        'key-retired',
        'the loss of what a key signed before it was retired',
        'if (valid && !(soft && revocation.created !== null && made < revocation.created)) {',
        'if (valid) {',
      ],
      [
        'subkey-bound',
        'a subkey that its primary key does not let sign',
        'if (signer.bindings !== undefined) await checkBinding(signer.bindings, { key, subkey: signer.packet, strict });',
      ],
      [
        'subkey-agrees',
        "another's subkey hung below a pinned key",
        'await holds(embeddedSignature, { by: subkey, type: enums.signature.keyBinding, data, strict });',
      ],
      ['weak-key', 'keys that can be forged', 'checkStrength(signer.packet);'],
      [
        'weak-hash',
        'hashes that can be forged',
        'rejectMessageHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd, enums.hash.sha1]),',
        'rejectMessageHashAlgorithms: new Set(),',
      ],
    ],
  },
  {
    file: 'src/domain/runtime/tree-note.ts',
    tests: ['test/unit/sumdb.test.ts'],
    rows: [
      [
        'note-signature',
        "a tree that Go's checksum database did not sign",
        'if (!verify(null, Buffer.from(text), key.publicKey, signature)) {',
        'if (false) {',
      ],
      ['note-key', 'a verifier key that is not the one it says', 'if (actual !== hash) {', 'if (false) {'],
    ],
  },
  {
    file: 'src/domain/runtime/sumdb.ts',
    tests: ['test/unit/sumdb.test.ts', 'test/contract/checksum-database.test.ts'],
    rows: [
      [
        'inclusion',
        'a record that is not in the signed tree',
        'if (base64(await rootOf(0, tree.size)) !== tree.hash) throw unproved(`record ${id} is not in its signed tree`);',
        'await rootOf(0, tree.size);',
      ],
      ['growth', 'a tree that forgot what it had', 'if (base64(before) !== older.hash) {', 'if (false) {'],
      [
        'one-tree',
        'two trees of one size',
        'if (older.hash !== newer.hash) throw unproved(`there are two trees of ${older.size} records`);',
      ],
    ],
  },
  {
    file: 'src/adapters/upstream/checksum-database.ts',
    tests: ['test/contract/checksum-database.test.ts', 'test/unit/sumdb.test.ts'],
    rows: [
      ['record-proved', 'a record that nothing proves', 'await proveRecord({ id, record, tree, readTile });'],
      [
        'growth-checked',
        'a tree that does not continue the one seen before',
        'await proveGrowth({ older, newer, readTile });',
      ],
    ],
  },
  {
    file: 'src/adapters/upstream/npm-signature.ts',
    tests: ['test/unit/npm-signature.test.ts'],
    rows: [
      [
        'registry-signature',
        "a package that the registry's key did not sign",
        "if (!verify('sha256', Buffer.from(`${name}@${version}:${integrity}`), publicKey, Buffer.from(sig, 'base64'))) {",
        'if (false) {',
      ],
      [
        'registry-key-expired',
        'a package that an expired key signed',
        'const valid = pinned.expires === undefined || (published !== undefined && published < pinned.expires);',
        'const valid = true;',
      ],
    ],
  },
  {
    file: 'src/domain/runtime/checksum-list.ts',
    tests: ['test/unit/checksum-list.test.ts'],
    rows: [
      [
        'two-checksums',
        'a list with two digests of one file',
        'if (known !== undefined && known.value !== digest.value) {',
        'if (false) {',
      ],
    ],
  },
  {
    file: 'runtimes/node.ts',
    tests: ['test/contract/node.test.ts', 'test/contract/runtimes.test.ts'],
    rows: [
      [
        'owns',
        'a lock that names a place which its source would not',
        'at === officialFile(version, platform) || (isMusl(platform) && at === unofficialFile(version, platform));',
        'at.length > 0 || officialFile(version, platform) === unofficialFile(version, platform) || isMusl(platform);',
      ],
    ],
  },
  {
    file: 'src/app/toolchains/install.ts',
    tests: ['test/e2e/main-job.test.ts'],
    rows: [
      [
        'owns-asked',
        'unpacking a part for which nobody gives a recipe',
        'const recipe = source.owns({ ...order, at: part.at });',
        "const recipe = source.owns({ ...order, at: part.at }) ?? { format: 'tar.gz' as const, root: '' };",
      ],
    ],
  },
  {
    file: 'src/domain/toolchain/proof-floor.ts',
    tests: ['test/unit/proof-floor.test.ts'],
    rows: [
      [
        'proof-floor',
        'a weaker proof than the lock records',
        'if (known !== undefined && compareProof(after.kind, known.kind) < 0)',
        'if (known !== undefined && known === after)',
      ],
    ],
  },
  {
    file: 'src/app/toolchains/resolve.ts',
    tests: ['test/unit/proof-floor.test.ts'],
    rows: [
      [
        'proof-floor-asked',
        'resolving without looking at what the lock records',
        'if (asked.order === undefined && !provedLater) refuseWeakening(asked, entry);',
      ],
    ],
  },
  {
    file: 'src/adapters/home/trust.ts',
    tests: ['test/unit/trust.test.ts'],
    rows: [
      [
        'trust-asked',
        'what a project brings and nobody agreed to',
        'return record.files[basename(subject.manifest.path)] === trustDigest(subject);',
        'return true;',
      ],
      [
        'trust-content',
        'a change after it was trusted',
        'return record.files[basename(subject.manifest.path)] === trustDigest(subject);',
        'return record.files[basename(subject.manifest.path)] !== undefined;',
      ],
      ['trust-path', 'a record under the name of another path', 'value.path !== folder ||'],
      ['trust-link', 'a record that is a link', "if (found.isSymbolicLink()) return 'is a symbolic link';"],
      ['trust-owner', 'a record that another user wrote', "if (found.uid !== uid) return 'belongs to another user';"],
      [
        'trust-mode',
        'a record that others can write',
        "return (found.mode & 0o022) === 0 ? undefined : 'can be written by other users';",
        'return undefined;',
      ],
    ],
  },
  {
    file: 'src/domain/project/trust.ts',
    tests: ['test/unit/trust.test.ts'],
    rows: [
      ...(['env', 'paths', 'tasks', 'sources'] as const).map(
        (table): Row => [
          `trust-${table}`,
          `[${table}] without trust`,
          'return [env, paths, tasks, sources, included].some((list) => list.length > 0);',
          `return [env, paths, tasks, sources, included].some((list) => list.length > 0 && (list as unknown) !== ${table});`,
        ],
      ),
      ['digest-env', 'a changed [env] under an old trust', 'env: variablesOf(manifest.env),'],
      [
        'digest-paths',
        'changed [paths] under an old trust',
        'paths: manifest.paths.map(({ op, folder }) => [op, folder]),',
      ],
      [
        'digest-tasks',
        'changed [tasks] under an old trust',
        'tasks: sorted(manifest.tasks.map((task) => [task.name, taskOf(task)])),',
      ],
      [
        'digest-sources',
        'changed [sources] under an old trust',
        'sources: sorted(manifest.sources.map(({ tool, order }) => [tool, order])),',
      ],
    ],
  },
  {
    file: 'src/domain/project/project-variable.ts',
    tests: ['test/unit/manifest.test.ts'],
    rows: [
      [
        'variable-names',
        'variables that act on the shell or on polyenv itself',
        'if (rule.exact?.has(name) || rule.names?.has(upper)) return rule.reason;',
      ],
      [
        'variable-prefixes',
        'families of such variables (LD_, GIT_, POLYENV_ ...)',
        'if (rule.prefixes?.some((prefix) => upper.startsWith(prefix))) return rule.reason;',
      ],
    ],
  },
  {
    file: 'src/adapters/home/paths.ts',
    tests: ['test/unit/paths.test.ts'],
    rows: [
      [
        'environment-within',
        "a project that falls into another's environment",
        "if (!isAbsolute(project) || project.split(sep).includes('.polyenv')) {",
        'if (!isAbsolute(project)) {',
      ],
      [
        'path-join',
        'strings that leave the folder that they are joined to',
        "if (escapes || parts.some((part) => isAbsolute(part) || part.includes('\\0'))) {",
        'if (false) {',
      ],
    ],
  },
  {
    file: 'src/domain/versions/version.ts',
    tests: ['test/unit/paths.test.ts', 'test/unit/requests.test.ts', 'test/unit/pin-files.test.ts'],
    rows: [
      ['version-text', 'versions that are paths, options or shell text', 'LEXICAL.test(text) &&'],
      ['version-dots', 'versions with ".."', "&& !text.includes('..')"],
    ],
  },
  {
    file: 'src/domain/toolchain/toolchain.ts',
    tests: ['test/unit/paths.test.ts'],
    rows: [['store-key', 'names in the store that are paths', 'return KEY.test(text) &&', 'return']],
  },
  {
    file: 'src/adapters/store/store.ts',
    tests: ['test/unit/paths.test.ts'],
    rows: [
      [
        'removal-key',
        'the removal of what is no toolchain',
        "if (!isStoreKey(key)) throw new PolyenvError('path-refused', `${JSON.stringify(key)} is no name of a toolchain`);",
      ],
    ],
  },
  {
    file: 'src/domain/words/shell-quote.ts',
    tests: ['test/unit/shell-quote.test.ts', 'test/property/quoting.test.ts'],
    rows: [
      ['quote-sh', 'text that a POSIX shell would run', '.replaceAll("\'", "\'\\\\\'\'")'],
      ['quote-sh-zsh', 'text that zsh would expand', '[A-Za-z0-9_./:@%+,-]', '[A-Za-z0-9_./:@%+,=-]'],
      ['quote-fish', 'text that fish would end early', '.replaceAll("\'", "\\\\\'")'],
      ['quote-fish-backslash', 'backslashes that fish would read', ".replaceAll('\\\\', '\\\\\\\\')"],
      [
        'quote-dotenv',
        'a value that would become a second variable',
        "if (!/['\\r]|\\\\$/.test(text)) return",
        'if (true) return',
      ],
    ],
  },
  {
    file: 'src/domain/routes/environment.ts',
    tests: ['test/property/quoting.test.ts', 'test/unit/paths.test.ts'],
    rows: [
      [
        'variable-name',
        'names of variables that are shell text',
        "if (!isVariableName(name)) throw new PolyenvError('path-refused', `${quoted(name)} is no name of a variable`);",
      ],
    ],
  },
  {
    file: 'src/domain/words/printable.ts',
    tests: ['test/unit/printable.test.ts'],
    rows: [
      ['printable', 'text that acts on a terminal', 'return text.replace(UNSAFE, escapeCharacter);', 'return text;'],
      ['printable-bidi', 'text that shows another order than it has', '/\\p{C}|', '/\\p{Cc}|'],
    ],
  },
  {
    file: 'src/domain/words/concealment.ts',
    tests: ['test/unit/concealment.test.ts', 'test/unit/http.test.ts'],
    rows: [
      [
        'url-user',
        'passwords of URLs in messages',
        ".replace(/([a-z][a-z0-9+.-]*:\\/\\/)[^\\s/?#@\"']+@/gi, '$1***@')",
      ],
      [
        'url-token',
        'tokens of URLs in messages',
        ".replace(/([?&](?:[\\w.-]*(?:sig|token|key|auth|cred|pass|secret)[\\w.-]*)=)[^\\s&#\"']+/gi, '$1***')",
      ],
    ],
  },
  {
    file: 'src/adapters/net/http.ts',
    tests: ['test/unit/http.test.ts'],
    rows: [
      [
        'redirect-scheme',
        'redirects to files and other schemes',
        "if (next === undefined || (next.protocol !== 'https:' && next.protocol !== 'http:')) {",
        'if (next === undefined) {',
      ],
      [
        'redirect-http',
        'redirects from https to http',
        "if (from.protocol === 'https:' && next.protocol === 'http:') {",
        'if (false) {',
      ],
      ['redirect-loop', 'redirects without end', 'hop <= MOST_REDIRECTS', 'hop <= 1_000_000'],
      [
        'cross-origin',
        'logins that follow a redirect to another origin',
        'if (next.origin !== url.origin) headers = describingOnly(headers);',
      ],
      ['retry-after', 'tries before the server allows one', 'const pause = error.pause ??', 'const pause ='],
      ['retry-bound', 'servers that ask for hours', '|| pause > LONGEST_WAIT * 1000'],
      ['offline', 'requests with --offline', 'if (settings.offline) {', 'if (false) {'],
      ['web-page', 'the sign-in page of a network', 'first.done !== true && isWebPage(first.value)', 'false'],
      [
        'trickle',
        'a server that sends a byte a second',
        'if (bytes < (SLOWEST * waited) / 1000) throw tooSlow(around);',
      ],
      ['text-limit', 'an index that fills the memory', 'if (size > limit) {', 'if (false) {'],
      ['plain-login', 'logins over plain http', "|| (url.protocol === 'http:' && !isLoopback(url))"],
    ],
  },
  {
    file: 'src/adapters/net/mirrors.ts',
    tests: ['test/unit/http.test.ts', 'test/unit/mirrors.test.ts'],
    rows: [
      [
        'plain-http',
        'plain http to another machine',
        "if (url.protocol !== 'http:' || isLoopback(url) || settings.insecureHttp) return;",
        'return;',
      ],
      ['file-url', 'files that no rule of the person names', 'if (!named) throw', 'if (false) throw'],
    ],
  },
  {
    file: 'src/adapters/net/netrc.ts',
    tests: ['test/unit/http.test.ts'],
    rows: [['netrc-default', 'a password for every host', "if (word === 'default') break;"]],
  },
  {
    file: 'src/adapters/home/lock.ts',
    tests: ['test/unit/lock.test.ts'],
    rows: [
      [
        'lock-name',
        'names of locks that are paths',
        'if (!/^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$/.test(options.name)) {',
        'if (false) {',
      ],
      [
        'lock-living',
        'the lock of a process that lives',
        'if (visible && (started !== undefined || owner.uid === self.uid)) return started !== owner.started;',
        'if (visible && owner.uid === self.uid) return true;',
      ],
      [
        'lock-reused-pid',
        'a dead holder whose process id is used again',
        'return started !== owner.started;',
        'return started === undefined;',
      ],
      ['lock-foreign', 'the lock of a process on another host', 'owner.hostname === self.hostname &&'],
      [
        'lock-release',
        'releasing what another has taken over',
        'if (look(path)?.owner?.token === self.token) unlinkSync(path);',
        'unlinkSync(path);',
      ],
      [
        'lock-garbage',
        'files that name no holder, for ever',
        'if (owner === undefined) return still > GARBAGE_SECONDS * 1000;',
        'if (owner === undefined) return false;',
      ],
    ],
  },
  {
    file: 'src/app/changes/install-project.ts',
    tests: ['test/e2e/frozen.test.ts'],
    rows: [
      [
        'frozen-linked',
        'an unproved linked toolchain with --frozen',
        "const frozen: Context = { ...ctx, settings: { ...ctx.settings, preference: 'only-managed' } };",
        'const frozen: Context = ctx;',
      ],
      ['frozen-differs', 'a lock that does not answer the manifest', 'if (differences.length > 0) {', 'if (false) {'],
    ],
  },
  {
    file: 'src/app/routes/overlay.ts',
    tests: ['test/unit/overlay.test.ts'],
    rows: [
      [
        'venv-receipt',
        'a .venv that the repository brought',
        'ready: receipt !== undefined && receipt.path === path && stands(path, overlay, receipt)',
        'ready: lstatSync(path, { throwIfNoEntry: false }) !== undefined',
      ],
      ['venv-link', 'a .venv that is a link', 'found.isDirectory() &&\n      found.ino === receipt.inode &&'],
      ['venv-inode', 'a .venv put in the place of the one that polyenv made', 'found.ino === receipt.inode &&'],
    ],
  },
  {
    file: 'src/adapters/documents/toml.ts',
    tests: ['test/unit/toml-guard.test.ts', 'test/unit/toml.test.ts'],
    rows: [
      [
        'toml-splice',
        'an edit that would change more than was meant',
        'if (meant === undefined || !isDeepStrictEqual(withoutEmpty(plain(parsed), table), withoutEmpty(meant, table))) {',
        'if (false) {',
      ],
      [
        'toml-comment',
        'an edit that would cost a comment',
        'if (site.program.comments.some((comment) => comment.range[0] >= range[0] && comment.range[1] <= range[1])) {',
        'if (false) {',
      ],
      ['toml-size', 'a file that fills the memory', 'if (text.length > limit) {', 'if (false) {'],
    ],
  },
  {
    file: 'src/domain/toolchain/lockfile.ts',
    tests: ['test/unit/lockfile.test.ts'],
    rows: [
      [
        'lock-future',
        'a lock of a newer polyenv',
        "if (typeof version === 'number' && Number.isInteger(version) && version > FORMAT) {",
        'if (false) {',
      ],
      [
        'lock-place',
        'a lock that leads to a file or carries a password',
        'if (reason !== undefined) fail(',
        'if (false) fail(',
      ],
      ['lock-unknown', 'keys that this polyenv does not know', 'if (!known.includes(name)) fail(', ' if (false) fail('],
    ],
  },
  {
    file: 'src/adapters/home/home.ts',
    tests: ['test/unit/paths.test.ts'],
    rows: [['home-future', 'a home of a newer polyenv', 'if (newer !== undefined) {', 'if (false) {']],
  },
  {
    file: 'src/domain/toolchain/receipt.ts',
    tests: ['test/unit/paths.test.ts'],
    rows: [
      ['receipt-future', 'a receipt of a newer polyenv', '|| body.schema !== 1'],
      [
        'receipt-name',
        'a receipt of another toolchain',
        'if (!at.key.startsWith(`${tool}-${known}-`)) return undefined;',
      ],
    ],
  },
  {
    file: 'src/adapters/system/spawn.ts',
    tests: ['test/unit/paths.test.ts'],
    rows: [
      [
        'probe-env',
        "a project's variables in a program that is only asked who it is",
        "return { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C', LC_ALL: 'C', TMPDIR: host.temporary };",
        'return { ...(host.env as Record<string, string>) };',
      ],
    ],
  },
  {
    file: 'src/shim/shim.sh',
    tests: ['test/shell/shim.test.ts'],
    rows: [
      [
        'dependency-folder',
        'a dependency that decides by its own version file',
        '[ "$__polyenv_r" ] || __polyenv_r=dependency ;;',
        ';;',
      ],
      ['recursion', 'two programs that start each other for ever', '[0-9] | 1[0-9])', '*)'],
      ['depth-text', 'shell text in the counter', '[0-9] | 1[0-9])', '*[0-9]*)'],
      ['environment-outside', 'an environment that points elsewhere', '*/../* | [!/]* | /) ;;', 'none) ;;'],
      [
        'own-shim',
        'the shim that finds itself',
        '[ "$__polyenv_e/$__polyenv_n" -ef "$__polyenv_h/shims/$__polyenv_n" ] && continue',
      ],
    ],
  },
];

export const GUARDS: readonly Guard[] = GROUPS.flatMap(({ file, tests, rows }) =>
  rows.map(([name, what, take, put = '']) => ({ name, what, file, take, put, tests })),
);
