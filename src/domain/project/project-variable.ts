import { isVariableName } from '../words/env-op';

/** Why a project may not set a variable, trusted or not; `undefined` if it may. The reason completes "a project cannot set X: ...". */
export function refuseProjectVariable(name: string): string | undefined {
  if (!isVariableName(name)) return 'a name is letters, digits and _, and does not begin with a digit';
  const upper = name.toUpperCase();
  for (const rule of REFUSED) {
    // guard: variable-names
    if (rule.exact?.has(name) || rule.names?.has(upper)) return rule.reason;
    // guard: variable-prefixes
    if (rule.prefixes?.some((prefix) => upper.startsWith(prefix))) return rule.reason;
  }
  return undefined;
}

/**
 * Variables by which the tools that read them run code. Trust lets a project set them; they are shown apart before the
 * person grants it, and never reach polyenv's own process.
 */
export function variableRunsCode(name: string): boolean {
  return RUNS_CODE.has(name.toUpperCase());
}

interface Rule {
  /** In any letter case: `http_proxy` acts as `HTTP_PROXY` does, and zsh ties the array `path` to `PATH`. */
  readonly names?: ReadonlySet<string>;
  readonly prefixes?: readonly string[];
  /** In this spelling only: the capital form is an ordinary name. */
  readonly exact?: ReadonlySet<string>;
  readonly reason: string;
}

/**
 * What stands here would act on the shell that polyenv's hook runs in, or on polyenv's own process, downloads or
 * verification. The names are those of the manuals of dash, bash, zsh, fish, ld.so, dyld, Node, OpenSSL, curl, git,
 * npm and Go.
 */
const REFUSED: readonly Rule[] = [
  { names: words('PATH FPATH CDPATH MODULE_PATH'), reason: 'use [paths] for folders of commands' },
  {
    prefixes: ['LD_', 'DYLD_', '_RLD'],
    names: words('LIBPATH SHLIB_PATH GLIBC_TUNABLES GCONV_PATH'),
    reason: 'it changes what the loader puts into every program',
  },
  {
    prefixes: ['BASH_', 'ZSH_', 'ZLE_', 'FISH_'],
    names: words(
      'ENV IFS BASH BASHOPTS SHELLOPTS POSIXLY_CORRECT GLOBIGNORE ZDOTDIR NULLCMD READNULLCMD INPUTRC PROMPT PROMPT2 PROMPT3',
      'PROMPT4 PROMPT_COMMAND PROMPT_DIRTRIM RPROMPT RPROMPT2 RPS1 RPS2 SPROMPT PS0 PS1 PS2 PS3 PS4 CMD_DURATION',
    ),
    reason: 'it changes the shell itself',
  },
  {
    names: words(
      '_ UID EUID GID EGID PPID OPTIND OPTARG OPTERR RANDOM SECONDS LINENO PWD OLDPWD SHLVL DIRSTACK GROUPS FUNCNAME PIPESTATUS',
      'HISTFILE HISTCMD HISTSIZE ERRNO HOSTTYPE OSTYPE MACHTYPE TTYIDLE',
    ),
    exact: words(
      'argv status pipestatus history version hostname signals options commands functions aliases parameters modules dirstack',
      'prompt fignore mailpath manpath psvar watch histchars userdirs nameddirs umask',
    ),
    reason: 'it belongs to the shell',
  },
  {
    prefixes: ['XDG_', 'SUDO_'],
    names: words('HOME USER LOGNAME USERNAME USERPROFILE SHELL TERM TERMINFO'),
    reason: 'it says who and where the person is',
  },
  {
    names: words('HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY FTP_PROXY NETRC RES_OPTIONS LOCALDOMAIN HOSTALIASES'),
    reason: "it would redirect polyenv's own downloads",
  },
  {
    prefixes: ['SSL_', 'OPENSSL_', 'NODE_TLS_', 'NODE_USE_'],
    names: words('SSLKEYLOGFILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS GNUPGHOME'),
    reason: 'it would decide whom polyenv believes',
  },
  {
    prefixes: ['NODE_REPL_', 'NODE_PENDING_', 'NODE_CHANNEL_', 'NODE_DEBUG', 'NODE_TEST_'],
    names: words('NODE_COMPILE_CACHE NODE_REDIRECT_WARNINGS NODE_V8_COVERAGE NODE_ICU_DATA NODE_UNIQUE_ID'),
    reason: 'it would act on the Node that runs polyenv',
  },
  {
    prefixes: ['NPM_CONFIG_'],
    names: words('GOPROXY GOSUMDB GONOSUMDB GONOSUMCHECK GOINSECURE GOENV GOTOOLCHAIN'),
    reason: 'where toolchains come from is for the person or the organisation to say',
  },
  { prefixes: ['GIT_', 'SSH_'], reason: 'it changes what git and ssh run and believe' },
  { prefixes: ['POLYENV_', '__POLYENV_'], reason: "it is polyenv's own" },
];

const RUNS_CODE = words(
  'NODE_OPTIONS NODE_PATH PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONBREAKPOINT PERL5OPT PERL5LIB RUBYOPT RUBYLIB CLASSPATH',
  'JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS MAVEN_OPTS GRADLE_OPTS GOFLAGS CC CXX AR MAKEFLAGS RUSTC RUSTDOC RUSTFLAGS',
  'RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_RUSTC_WRAPPER EDITOR VISUAL PAGER BROWSER LESSOPEN LESSCLOSE',
);

function words(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '));
}
