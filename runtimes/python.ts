import {
  type Artifact,
  asArraySkipping,
  asMatching,
  asObject,
  asPythonCycle,
  asString,
  type Claim,
  commandsIn,
  type Digest,
  dataHome,
  defaultVariable,
  type Finish,
  hexDigest,
  homebrew,
  imagesNamed,
  leadingNumbers,
  lifecycleFrom,
  limitVariable,
  namedIn,
  newestFirst,
  optional,
  PLATFORMS,
  type PlatformKey,
  PolyenvError,
  parseChecksum,
  parseChecksumList,
  pep440Scheme,
  pipfile,
  polyglotManagers,
  present,
  pyproject,
  pythonVersion,
  pythonVersions,
  type Recipe,
  type Release,
  type Runtime,
  runtimeTxt,
  type Source,
  setVariable,
  TARGET_TRIPLES,
  type Tree,
  type Upstream,
  unsetVariable,
  userCache,
  type Version,
} from '../src/kit';

/** The build of a version without the global interpreter lock. */
const FREE_THREADED = 'freethreaded';

const GITHUB = 'https://github.com/astral-sh/python-build-standalone/releases/download';
const GITHUB_INDEX = 'https://raw.githubusercontent.com/astral-sh/versions/main/v1/python-build-standalone.ndjson';
const ASTRAL = 'https://releases.astral.sh/github/python-build-standalone/releases/download';
const ASTRAL_INDEX = 'https://releases.astral.sh/github/versions/main/v1/python-build-standalone.ndjson';

/** One line of the index: a version built on a day, `3.14.7+20260814`, with the archives of every platform and flavour. */
const decodeLine = asObject({
  version: asMatching(/^[0-9A-Za-z.]+\+\d{8}$/, 'a version and a day'),
  artifacts: asArraySkipping(asObject({ url: asString, sha256: optional(asString) })),
});

interface Build {
  readonly version: Version;
  readonly day: string;
  /** The hex of the digest, empty where the index has none, by the part of the URL behind the host's prefix. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * https://github.com/astral-sh/python-build-standalone, as two hosts serve it: each day of it builds the newest patch of
 * each line, so that an older patch is found at an older day. Of a day, the stripped archive is taken where there is one.
 */
function astralSource(host: {
  readonly id: string;
  readonly prefix: string;
  readonly mirrors: Source['mirrors'] & object;
  index(upstream: Upstream): Promise<string>;
}): Source {
  const { id, prefix, mirrors } = host;
  return {
    id,
    mirrors,
    releases: async (upstream, request) => {
      const builds = readIndex(await host.index(upstream));
      const variant = request.variant === FREE_THREADED ? FREE_THREADED : undefined;
      const usable = builds.filter(
        (build) => request.version.kind === 'exact' || fileIn(build, { platform: upstream.platform, variant }),
      );
      return newestFirst(
        pep440Scheme,
        usable.map(({ version, day }) => releaseOf(version, { day, variant })),
      );
    },
    artifacts: async (upstream, { version, variant }) => {
      const builds = readIndex(await host.index(upstream), version);
      const found = await Promise.all(
        PLATFORMS.map(async (platform): Promise<readonly Artifact[]> => {
          // Newest day first.
          for (const build of builds) {
            const file = fileIn(build, { platform, variant });
            const digest = file && (await digestOf(upstream, { build, file, prefix }));
            if (file && digest) {
              return [{ platform, parts: [{ at: `${prefix}/${file}`, digest, proof: { kind: 'digest', by: id } }] }];
            }
          }
          return [];
        }),
      );
      return found.flat();
    },
    owns: (claim) => readFile(claim, prefix),
  };
}

const sources: readonly Source[] = [
  astralSource({
    id: 'github.com',
    prefix: GITHUB,
    mirrors: [{ variable: 'UV_PYTHON_INSTALL_MIRROR', from: GITHUB }],
    index: (upstream) => upstream.text(GITHUB_INDEX),
  }),
  astralSource({
    id: 'releases.astral.sh',
    prefix: ASTRAL,
    mirrors: [],
    index: async (upstream) => (await upstream.optionalText(ASTRAL_INDEX)) ?? upstream.text(GITHUB_INDEX),
  }),
];

/** Newest day first. Lines that are no builds of CPython that we can name are left out; of 12 MB only those of `only` are parsed. */
function readIndex(text: string, only?: Version): readonly Build[] {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && (only === undefined || line.includes(`"${only}+`)));
  const builds = lines.flatMap((line): readonly Build[] => {
    const read = readLine(line);
    const [number = '', day = ''] = read?.version.split('+') ?? [];
    const version = pep440Scheme.version(number);
    if (read === undefined || version === undefined || (only !== undefined && version !== only)) return [];
    return [{ version, day, files: new Map(read.artifacts.map(({ url, sha256 = '' }) => [pathIn(url), sha256])) }];
  });
  return builds.sort((a, b) => Number(b.day) - Number(a.day));
}

function readLine(line: string): ReturnType<typeof decodeLine> | undefined {
  try {
    return decodeLine(JSON.parse(line));
  } catch (error) {
    if (error instanceof PolyenvError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `20260814/cpython-3.14.7%2B20260814-....tar.gz`, whichever host the index names. */
function pathIn(url: string): string {
  return url.split('/').slice(-2).join('/').replaceAll('+', '%2B');
}

interface Flavour {
  readonly platform: PlatformKey;
  readonly variant: string | undefined;
}

/** The archive of a flavour among a build's: stripped of debug information if possible. */
function fileIn({ version, day, files }: Build, flavour: Flavour): string | undefined {
  return filesOf(version, { day, ...flavour }).find((file) => files.has(file));
}

function filesOf(version: Version, { day, platform, variant }: Flavour & { readonly day: string }): readonly string[] {
  const triple = TARGET_TRIPLES[platform];
  const targets = platform.startsWith('windows') && variant === undefined ? [triple, `${triple}-shared`] : [triple];
  const flavours = ['install_only_stripped', 'install_only'];
  return flavours.flatMap((flavour) =>
    targets.map((target) => {
      const kind = variant === undefined ? flavour : `${variant}-${flavour}`;
      return `${day}/cpython-${version}%2B${day}-${target}-${kind}.tar.gz`;
    }),
  );
}

/** The index's, else the day's list (since about 2024), else the file's own. */
async function digestOf(
  upstream: Upstream,
  { build, file, prefix }: { readonly build: Build; readonly file: string; readonly prefix: string },
): Promise<Digest | undefined> {
  const indexed = hexDigest('sha256', build.files.get(file) ?? '');
  if (indexed !== undefined) return indexed;
  const name = decodeURIComponent(file.slice(file.indexOf('/') + 1));
  const list = await upstream.optionalText(`${prefix}/${build.day}/SHA256SUMS`);
  const listed = list === undefined ? undefined : parseChecksumList(list).get(name);
  if (listed !== undefined) return listed;
  const own = await upstream.optionalText(`${prefix}/${file}.sha256`);
  return own === undefined ? undefined : parseChecksum(own, name);
}

function notesOf(version: Version): string {
  return `https://docs.python.org/release/${version}/whatsnew/changelog.html`;
}

function releaseOf(
  version: Version,
  { day, variant }: { readonly day: string; readonly variant: string | undefined },
): Release {
  return {
    version,
    date: `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`,
    prerelease: pep440Scheme.prerelease(version),
    notes: notesOf(version),
    ...present({ variant }),
  };
}

/** Of any day; an archive is relocatable as it is, and may lack `bin/python`. */
function readFile({ version, platform, variant, at }: Claim, prefix: string): Recipe | undefined {
  const path = at.startsWith(`${prefix}/`) ? at.slice(prefix.length + 1) : '';
  const day = /^\d{8}(?=\/)/.exec(path)?.[0];
  if (day === undefined || (variant !== undefined && variant !== FREE_THREADED)) return undefined;
  if (!filesOf(version, { day, platform, variant }).includes(path)) return undefined;
  const links = platform.startsWith('windows') ? [] : [{ path: 'bin/python', target: 'python3' }];
  return { format: 'tar.gz', root: 'python', links };
}

/** Of a folder with several Pythons, as `/usr/bin`, the names of this one's line only. */
function commandPattern(version: Version): RegExp {
  const line = /^3\.\d+/.exec(version)?.[0].replace('.', '\\.') ?? '3\\.\\d+';
  return new RegExp(`^(?:python|pip|idle|pydoc|2to3)(?:3|-?${line}t?)?$|^python(?:3|${line}t?)?-config$`);
}

/** The folder of the standard library: `lib/python3.13`. */
function libraryOf(tree: Tree): string | undefined {
  const line = leadingNumbers(tree.version, 2);
  const names = tree.platform.startsWith('windows') ? ['Lib'] : [`lib/python${line}`, `lib/python${line}t`];
  return names.find((path) => tree.has(`${path}/os.py`));
}

/**
 * Marked as somebody else's to change, so that pip itself refuses to, and with its standard library compiled: a tree that nobody writes
 * can never keep what Python compiles when it runs.
 */
function finishPython(tree: Tree): Finish {
  const library = libraryOf(tree);
  if (library === undefined) return { files: {}, steps: [] };
  const windows = tree.platform.startsWith('windows');
  const oldPip = tree
    .list(`${library}/site-packages`)
    .some((name) => /^pip-(?:\d|1\d|2[0-2])\.[\d.]+dist-info$/.test(name));
  return {
    files: {
      // https://packaging.python.org/en/latest/specifications/externally-managed-environments/
      [`${library}/EXTERNALLY-MANAGED`]: MANAGED,
      // pip before 23.0 does not know that file. No environment reads this one: https://pip.pypa.io/en/stable/topics/configuration/
      ...(oldPip && { [windows ? 'pip.ini' : 'pip.conf']: '[global]\nrequire-virtualenv = true\n' }),
    },
    replaces: /\.pyc$/,
    steps: [
      {
        makes: 'its compiled standard library, so that it starts more slowly',
        program: windows ? 'python.exe' : 'bin/python3',
        args: ({ staged, final, jobs }) => [
          ...['-s', '-S', '-B', '-c', COMPILE],
          ...[`${staged}/${library}`, `${final}/${library}`, `${jobs}`],
        ],
        // So that the same sources are the same bytes each time.
        env: { PYTHONHASHSEED: '0' },
      },
    ],
  };
}

const MANAGED = `[externally-managed]
Error=This Python belongs to polyenv, and all projects share it.

 In a project that pins Python, "pip install" writes into the project's .venv.
 To pin it there: polyenv use python

 Outside projects, "pip install" writes into the environment of your default.
 To choose one: polyenv use --default python
`;

/**
 * Unchecked-hash files, which hold whatever the time of the source is (PEP 552). Forked for fixed parts of the work, so that no
 * process's past and no number of processors shows in the bytes. What is not compiled would be written later by root, whom no mode
 * holds back. So in tests and packages a file takes the name of the folder that Python would make; and an empty folder takes the
 * name of each file that `python -O`, `-OO` and `-OOO` would write: Python renames a new file to that name, which fails.
 */
const COMPILE = `
import os, sys
sys.path[:] = [p for p in sys.path if p]
import gc, importlib.util, marshal
root, final, jobs = sys.argv[1], sys.argv[2], int(sys.argv[3])
hashed = getattr(importlib.util, 'source_hash', None)
if not hashed:
    import py_compile
skipped = {'test', 'tests', 'idlelib', 'idle_test', 'turtledemo', 'lib2to3', 'ensurepip', 'site-packages'}
sources = []
for folder, names, files in os.walk(root):
    names[:] = sorted(name for name in names if name != '__pycache__')
    python = sorted(name for name in files if name.endswith('.py'))
    cache = os.path.join(folder, '__pycache__')
    if skipped & set(folder[len(root):].split(os.sep)):
        if python and not os.path.exists(cache):
            open(cache, 'x').close()
        continue
    if python and not os.path.isdir(cache):
        os.mkdir(cache)
    for path in (os.path.join(folder, name) for name in python):
        sources.append((-os.path.getsize(path), path))
sources.sort()
gc.disable()
def compile_one(path):
    target, shown = importlib.util.cache_from_source(path, optimization=''), final + path[len(root):]
    if os.path.lexists(target):
        os.unlink(target)
    if not hashed:
        py_compile.compile(path, target, shown, doraise=True, optimize=0)
        return
    with open(path, 'rb') as file:
        source = file.read()
    code = compile(source, shown, 'exec', dont_inherit=True, optimize=0)
    with open(target, 'xb') as file:
        file.write(importlib.util.MAGIC_NUMBER + b'\\1\\0\\0\\0' + hashed(source) + marshal.dumps(code))
    for level in '123':
        taken = importlib.util.cache_from_source(path, optimization=level)
        if not os.path.lexists(taken):
            os.mkdir(taken)
def compile_part(part):
    for _, path in part:
        try:
            compile_one(path)
        except (SyntaxError, ValueError) as error:
            # A file that is no source of this version is left to whoever imports it.
            print(path, error)
parts = [sources[start::16] for start in range(16)]
failed = running = 0
for part in parts:
    if not hasattr(os, 'fork'):
        compile_part(part)
        continue
    if running == jobs:
        failed |= os.wait()[1]
        running -= 1
    if os.fork() == 0:
        status = 1
        try:
            compile_part(part)
            sys.stdout.flush()
            status = 0
        finally:
            os._exit(status)
    running += 1
for _ in range(running):
    failed |= os.wait()[1]
sys.exit(1 if failed else 0)
`;

/** Those that `ensurepip` would install; of a project that is there twice, the newest: https://docs.python.org/3/library/ensurepip.html */
function bundledWheels(tree: Tree): readonly string[] {
  const line = leadingNumbers(tree.version, 2);
  const folder = [`python${line}`, `python${line}t`, `pypy${line}`]
    .map((name) => `lib/${name}/ensurepip/_bundled`)
    .find((path) => tree.has(path));
  const newest = new Map<string, { readonly version: Version; readonly path: string }>();
  for (const name of folder === undefined ? [] : tree.list(folder)) {
    const [, project, spelt] = /^([A-Za-z0-9_]+)-([A-Za-z0-9_.!]+)-[\w.]+-none-any\.whl$/.exec(name) ?? [];
    const version = spelt === undefined ? undefined : pep440Scheme.version(spelt);
    if (project === undefined || version === undefined) continue;
    const before = newest.get(project);
    if (before === undefined || pep440Scheme.compare(before.version, version) < 0) {
      newest.set(project, { version, path: `${folder}/${name}` });
    }
  }
  return [...newest.values()].map(({ path }) => path);
}

const PIP_WORDS = ['install', 'uninstall'];

/**
 * Python: CPython as python-build-standalone builds it. The variables in `lib/python3.x/_sysconfigdata*.py` name the folder
 * in which it was built, which matters to those only who compile extensions with its own flags.
 */
export const runtime: Runtime = {
  id: 'python',
  title: 'Python',
  homepage: 'https://www.python.org',
  license: 'Python-2.0.1',
  aliases: ['cpython', 'python3'],
  scheme: pep440Scheme,
  commands: ['python', 'python3', 'pip', 'pip3'],
  pins: [pythonVersion, pythonVersions, pyproject, pipfile, runtimeTxt],
  sources,
  layout: (tree, { toolchain, home, isolation, personHome, env }) => {
    const windows = tree.platform.startsWith('windows');
    const line = leadingNumbers(tree.version, 2);
    const library = libraryOf(tree);
    return {
      commands: {
        ...(windows && commandsIn(tree, 'Scripts', commandPattern(tree.version))),
        ...commandsIn(tree, windows ? '' : 'bin', commandPattern(tree.version)),
      },
      variables: [
        defaultVariable('PYTHONNOUSERSITE', '1'),
        // Another Python's library would be loaded in place of its own.
        unsetVariable('PYTHONHOME'),
        // Python takes any level above two for two, and would have compiled files of its own for each.
        limitVariable('PYTHONOPTIMIZE', 2),
        // uv would look for one of its own.
        setVariable('UV_PYTHON', `${toolchain}/${windows ? 'python.exe' : 'bin/python3'}`),
        ...(isolation === 'strict' ? [defaultVariable('PIP_CACHE_DIR', `${home}/cache`)] : []),
      ],
      bins: [],
      homes: isolation === 'strict' ? [`${home}/cache`] : [],
      shared:
        isolation === 'strict' ? [] : [env.PIP_CACHE_DIR || `${userCache(tree.platform, { personHome, env })}/pip`],
      installs: [
        ...['pip', 'pip3', `pip${line}`].map((command) => ({ command, words: PIP_WORDS, flags: [] })),
        ...['python', 'python3', `python${line}`].map((command) => ({ command, words: ['pip'], flags: ['-m'] })),
      ],
      overlay: {
        folder: '.venv',
        marker: 'pyvenv.cfg',
        bin: windows ? 'Scripts' : 'bin',
        // Isolated, as the project may hold a folder `venv`.
        make: [windows ? 'python' : 'python3', '-I', '-m', 'venv', '--without-pip'],
        commands: ['python', 'python3', `python${line}`, 'pip', 'pip3', `pip${line}`],
        // The venv of before 3.9 has no `python3.8`, and `ensurepip` alone makes no `pip`.
        aliases: {
          ...Object.fromEntries(['python', 'python3', `python${line}`].map((name) => [name, ['python3', 'python']])),
          ...Object.fromEntries(['pip', 'pip3', `pip${line}`].map((name) => [name, ['pip', 'pip3', `pip${line}`]])),
        },
        variable: 'VIRTUAL_ENV',
        interpreter: { variable: 'UV_PYTHON', command: 'python' },
        seeds: {
          // On Windows commands are programs, which pip brings.
          wheels: windows ? [] : bundledWheels(tree),
          ...(library !== undefined && !windows && { site: `${library}/site-packages` }),
          otherwise: ['-I', '-m', 'ensurepip', '--upgrade', '--default-pip'],
        },
      },
    };
  },
  finish: finishPython,
  probe: {
    command: 'python3',
    args: ['-I', '--version'],
    version: (output) => /^Python (\d[0-9a-z.]*)/m.exec(output)?.[1],
  },
  discover: [
    {
      manager: 'pyenv',
      // By other names it keeps PyPy, Conda and virtual environments.
      folders: ({ env, personHome }) =>
        ['2.*', '3.*'].map((line) => `${env.PYENV_ROOT || `${personHome}/.pyenv`}/versions/${line}`),
      choice: namedIn(({ env, personHome }) => `${env.PYENV_ROOT || `${personHome}/.pyenv`}/version`),
    },
    {
      manager: 'uv',
      folders: (facts) => [`${facts.env.UV_PYTHON_INSTALL_DIR || `${dataHome(facts)}/uv/python`}/cpython-*`],
    },
    ...polyglotManagers({ mise: 'python', asdf: 'python' }),
    homebrew('python@*'),
    {
      manager: 'macOS',
      folders: () => [
        '/Library/Frameworks/Python.framework/Versions/3.*',
        '/Library/Developer/CommandLineTools/Library/Frameworks/Python3.framework/Versions/3.*',
      ],
    },
    { manager: 'system', folders: () => ['/usr/local', '/usr', '/opt/python/*'] },
  ],
  advice: {
    misleading: ['PYTHONPATH', 'VIRTUAL_ENV'],
    // https://code.visualstudio.com/docs/python/settings-reference
    editor: (tree, { toolchain, overlay }) => {
      const windows = tree.platform.startsWith('windows');
      const own = overlay === undefined ? undefined : `${overlay}/${windows ? 'Scripts/python.exe' : 'bin/python'}`;
      const interpreter = own ?? `${toolchain}/${windows ? 'python.exe' : 'bin/python3'}`;
      return {
        vscode: [{ path: ['python.defaultInterpreterPath'], value: interpreter }],
        idea: { steps: [`Settings > Project > Python Interpreter > Add Local Interpreter > Existing: ${interpreter}`] },
      };
    },
    evidence: [
      { file: 'uv.lock', describe: 'the lock file of uv', range: /^requires-python = "([^"\n]*)"/m },
      { file: 'poetry.lock', describe: 'the lock file of Poetry', range: /^python-versions = "([^"\n]*)"/m },
      { file: 'Pipfile.lock', describe: 'the lock file of Pipenv', range: /"python_version": "([^"\n]*)"/ },
      { file: 'pyproject.toml', describe: 'a project of Python' },
      { file: 'requirements*.txt', describe: 'packages for pip' },
      { file: 'setup.py', describe: 'a package of Python' },
      { file: 'manage.py', describe: 'a site of Django' },
      { file: '*.py', describe: 'sources in Python' },
    ],
    builds: [
      {
        // `.venv` is polyenv's own to judge.
        files: ['venv/pyvenv.cfg', 'env/pyvenv.cfg'],
        // The standard library writes `version`, virtualenv and uv `version_info`.
        maker: (text) => /^version(?:_info)?\s*=\s*(\d+\.\d+)/m.exec(text)?.[1],
        line: (version) => leadingNumbers(version, 2),
        made: (file) => file.slice(0, file.indexOf('/')),
        fix: (made) => `rm -r ${made} && python -m venv ${made}`,
      },
    ],
    mentions: {
      images: [
        ...imagesNamed('python', 'cimg/python', 'circleci/python', 'bitnami/python', 'devcontainers/python'),
        ...imagesNamed('chainguard/python'),
        /^astral-sh\/uv:(?:[\d.]+-)?python(\d+(?:\.\d+)+)/,
      ],
      steps: {
        'actions/setup-python': { inputs: ['python-version'] },
        'astral-sh/setup-uv': { inputs: ['python-version'] },
        'conda-incubator/setup-miniconda': { inputs: ['python-version'] },
        UsePythonVersion: { inputs: ['versionSpec'] },
      },
      features: ['python'],
      keys: { '.readthedocs': ['build.tools.python'], '.travis': ['python'] },
    },
    releaseNotes: notesOf,
    lifecycle: lifecycleFrom(
      (version) => leadingNumbers(version, 2),
      `3.14 2027-10-01..2030-10-31; 3.13 2026-10-01..2029-10-31; 3.12 2025-04-02..2028-10-31; 3.11 2024-04-01..2027-10-31
      3.10 2023-04-05..2026-10-31; 3.9 2022-05-17..2025-10-31; 3.8 2021-05-03..2024-10-07; 3.7 2020-06-27..2023-06-27
      3.6 2018-12-24..2021-12-23; 3.5 ..2020-09-30; 3.4 ..2019-03-18; 2.7 ..2020-01-01`,
      { url: 'https://peps.python.org/api/release-cycle.json', decode: asPythonCycle },
    ),
  },
};
