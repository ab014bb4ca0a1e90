/** Ecosystems whose rules for names a template can ask for. */
export const NAME_RULES = ['npm', 'pypi', 'crates', 'java-package', 'maven', 'go-module'] as const;

export type NameRule = (typeof NAME_RULES)[number];

/** Why the ecosystem would reject the name, to follow "NAME is no name for RULE: "; `undefined` if it would take it. */
export function refuseName(rule: NameRule, name: string): string | undefined {
  if (name === '') return 'it is empty';
  return REFUSE[rule](name);
}

/** What people call the things that the rule names. */
export const NAMED: Readonly<Record<NameRule, string>> = {
  npm: 'an npm package',
  pypi: 'a Python distribution',
  crates: 'a Rust crate',
  'java-package': 'a Java package',
  maven: 'a Maven artifact',
  'go-module': 'a Go module',
};

const REFUSE: Readonly<Record<NameRule, (name: string) => string | undefined>> = {
  npm: refuseNpm,
  pypi: refusePypi,
  crates: refuseCrate,
  'java-package': refuseJavaPackage,
  maven: refuseMaven,
  'go-module': refuseGoModule,
};

/** https://github.com/npm/validate-npm-package-name, its rules for new packages. */
function refuseNpm(name: string): string | undefined {
  if (name.length > 214) return 'it is longer than 214 characters';
  if (name !== name.toLowerCase()) return 'it has capital letters';
  const parts = name.startsWith('@') ? name.slice(1).split('/') : [name];
  if (name.startsWith('@') && parts.length !== 2) return 'a scoped name is @SCOPE/NAME';
  for (const part of parts) {
    if (/^[._-]/.test(part)) return 'it starts with . _ or -';
    if (!/^[a-z0-9._-]+$/.test(part)) return 'it may have small letters, digits and . _ - only';
  }
  const last = parts.at(-1) ?? '';
  if (last === 'node_modules' || last === 'favicon.ico') return 'npm keeps that name for itself';
  if (parts.length === 1 && NODE_MODULES.has(name)) return 'it is a module of Node.js itself';
  return undefined;
}

/** https://packaging.python.org/en/latest/specifications/name-normalization/ */
function refusePypi(name: string): string | undefined {
  if (name.length > 200) return 'it is longer than 200 characters';
  if (!/^(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])$/.test(name)) {
    return 'it may have letters, digits and . _ - only, with a letter or digit at both ends';
  }
  return undefined;
}

/** https://doc.rust-lang.org/cargo/reference/manifest.html#the-name-field and what `cargo new` refuses for a binary. */
function refuseCrate(name: string): string | undefined {
  if (name.length > 64) return 'it is longer than 64 characters';
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) {
    return 'it may have letters, digits and _ - only, and no digit at the front';
  }
  if (/^[_-]+$/.test(name)) return 'it has no letter';
  if (RUST_KEYWORDS.has(name)) return 'it is a keyword of Rust';
  if (['test', 'core', 'std', 'alloc', 'proc_macro', 'proc-macro'].includes(name))
    return 'it is a crate of Rust itself';
  if (['deps', 'build', 'examples', 'incremental'].includes(name)) return 'cargo has a folder of that name in target/';
  if (isWindowsDevice(name)) return 'Windows keeps that name for a device';
  return undefined;
}

/** https://docs.oracle.com/javase/specs/jls/se25/html/jls-6.html#jls-6.2, ASCII only since it names folders. */
function refuseJavaPackage(name: string): string | undefined {
  if (name.length > 200) return 'it is longer than 200 characters';
  for (const part of name.split('.')) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(part)) return `${JSON.stringify(part)} in it is no Java identifier`;
    if (JAVA_KEYWORDS.has(part)) return `${part} is a keyword of Java`;
    if (isWindowsDevice(part)) return `Windows keeps ${part} for a device`;
  }
  if (/^(?:java|javax)(?:\.|$)/.test(name)) return 'Java keeps java and javax for itself';
  return undefined;
}

/** https://maven.apache.org/guides/mini/guide-naming-conventions.html and the characters that Maven's model check allows. */
function refuseMaven(name: string): string | undefined {
  if (name.length > 200) return 'it is longer than 200 characters';
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) return 'it may have letters, digits and _ . - only';
  return undefined;
}

/** https://go.dev/ref/mod#go-mod-file-ident and what `module.CheckImportPath` refuses. */
function refuseGoModule(name: string): string | undefined {
  if (name.length > 200) return 'it is longer than 200 characters';
  const parts = name.split('/');
  for (const part of parts) {
    if (part === '') return 'it has an empty part';
    if (!/^[A-Za-z0-9._~-]+$/.test(part)) return 'it may have letters, digits and . _ ~ - / only';
    if (part.startsWith('.') || part.endsWith('.')) return 'a part of it starts or ends with a dot';
    if (isWindowsDevice(part)) return `Windows keeps ${part} for a device`;
  }
  const [first = ''] = parts;
  if (first.startsWith('-')) return 'it starts with -';
  if (GO_STANDARD.has(first)) return `${first} belongs to Go's standard library`;
  if (/^v(?:0|1|0\d+)$/.test(parts.at(-1) ?? '') && parts.length > 1) return 'version suffixes start at /v2';
  return undefined;
}

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file: such files cannot be checked out there. */
export function isWindowsDevice(name: string): boolean {
  return /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i.test(name);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

const RUST_KEYWORDS = words(`
  Self abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if
  impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type
  typeof unsafe unsized use virtual where while yield _`);

const JAVA_KEYWORDS = words(`
  abstract assert boolean break byte case catch char class const continue default do double else enum extends false
  final finally float for goto if implements import instanceof int interface long native new null package private
  protected public return short static strictfp super switch synchronized this throw throws transient true try void
  volatile while _`);

const NODE_MODULES = words(`
  assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events fs
  http http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream
  string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib`);

const GO_STANDARD = words(`
  archive arena bufio builtin bytes cmd cmp compress container context crypto database debug embed encoding errors expvar
  flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices
  sort std strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak`);
