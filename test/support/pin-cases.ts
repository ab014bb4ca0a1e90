/** What one version file, or variable, of a project says: the table of `docs/reference/pin-cases.md`, and what a test tries. */
export interface PinCase {
  readonly tool: string;
  /** The file that is looked at first; `NAME=value` for a variable. */
  readonly file: string;
  readonly content?: string;
  /** Further files beside it. */
  readonly beside?: Readonly<Record<string, string>>;
  /** The request that decides, with the file that says it; absent where nothing is read. */
  readonly reads?: string;
  /** Part of the error or warning, where it is passed over. */
  readonly says?: string;
  readonly why: string;
}

const toml = (text: string) => `[toolchain]\n${text}\n`;
const tools = (text: string) => `[tools]\n${text}\n`;

export const PIN_CASES: readonly PinCase[] = [
  { tool: 'node', file: '.nvmrc', content: 'v20.11.0\n', reads: 'v20.11.0', why: 'one version, as nvm reads it' },
  { tool: 'node', file: '.nvmrc', content: 'lts/iron\n', reads: 'lts/iron', why: 'a long-term line' },
  { tool: 'node', file: '.nvmrc', content: 'lts/-1\n', reads: 'lts/-1', why: 'the long-term line before the newest' },
  { tool: 'node', file: '.nvmrc', content: 'system\n', reads: 'system', why: 'the next one on PATH' },
  {
    tool: 'node',
    file: '.nvmrc',
    content: 'default\n',
    says: 'alias of nvm',
    why: 'it names another version on each machine',
  },
  { tool: 'node', file: '.nvmrc', content: '20\n22\n', says: 'two versions', why: 'nvm refuses it too' },
  { tool: 'node', file: '.nvmrc', content: '{{ x }}\n', says: 'cannot stand in one', why: 'a template is no version' },
  {
    tool: 'node',
    file: '.node-version',
    content: '20\n22\n',
    reads: '20',
    says: 'is not read',
    why: 'the first line decides',
  },
  {
    tool: 'node',
    file: '.node-version',
    content: '\n',
    says: 'names no version',
    why: 'said, and the next file decides',
  },
  {
    tool: 'node',
    file: 'package.json',
    content: '{"volta": {"node": "20.11.0"}}',
    reads: '20.11.0',
    why: "Volta's pin",
  },
  {
    tool: 'node',
    file: 'package.json',
    content: '{"engines": {"node": ">=18 <20"}}',
    reads: '>=18 <20',
    why: 'a range, a floor',
  },
  {
    tool: 'node',
    file: 'package.json',
    content: '{"engines": {"node": ""}}',
    why: "npm's empty range asks for nothing",
  },
  { tool: 'rust', file: 'rust-toolchain', content: '1.80\n', reads: '1.80', why: 'the older form: a channel alone' },
  {
    tool: 'rust',
    file: 'rust-toolchain.toml',
    content: toml('channel = "stable"'),
    reads: 'stable',
    why: "rustup's own",
  },
  {
    tool: 'rust',
    file: 'rust-toolchain',
    content: toml('components = ["rust-src"]'),
    beside: { 'mise.toml': tools('rust = "1.80"') },
    reads: '1.80',
    why: 'components alone are added to what decides elsewhere',
  },
  {
    tool: 'rust',
    file: 'rust-toolchain.toml',
    content: toml('path = "/x"'),
    says: 'path',
    why: 'a repository chooses no program outside the store',
  },
  {
    tool: 'rust',
    file: 'Cargo.toml',
    content: '[package]\nrust-version = "1.70"\n',
    reads: '>=1.70',
    why: 'a floor: the newest answers it',
  },
  {
    tool: 'python',
    file: '.python-version',
    content: '3.12.1\n3.13.0\n',
    reads: '3.12.1',
    why: 'the first is the default, the others stand beside it',
  },
  {
    tool: 'python',
    file: '.python-version',
    content: 'python-2.7.11\n',
    reads: 'python-2.7.11',
    why: 'read as 2.7.11',
  },
  {
    tool: 'python',
    file: '.python-version',
    content: 'cpython-3.13.1+freethreaded-linux-x86_64-gnu\n',
    reads: 'cpython-3.13.1+freethreaded-linux-x86_64-gnu',
    why: "uv's key: version and build count",
  },
  {
    tool: 'python',
    file: '.python-version',
    content: 'pypy@3.10\n',
    says: 'pypy is not CPython',
    why: 'refused by name',
  },
  { tool: 'python', file: 'runtime.txt', content: 'python-3.12.4\n', reads: '3.12.4', why: "Heroku's spelling" },
  {
    tool: 'python',
    file: 'pyproject.toml',
    content: '[project]\nrequires-python = ">=3.11"\n',
    reads: '>=3.11',
    why: 'a range, a floor',
  },
  { tool: 'go', file: '.go-version', content: '1.24\n', reads: '1.24', why: 'as goenv reads it' },
  {
    tool: 'go',
    file: 'go.mod',
    content: 'go 1.22\ntoolchain go1.22.5\n',
    reads: '1.22.5',
    why: 'the toolchain line pins',
  },
  { tool: 'go', file: 'go.mod', content: 'go 1.22\n', reads: '>=1.22', why: 'the go line is a floor' },
  {
    tool: 'go',
    file: 'go.mod',
    content: 'go 1.22\ntoolchain go1.22.5\n',
    beside: { 'go.work': 'go 1.24.13\nuse .\n' },
    reads: '>=1.24.13',
    why: 'a workspace speaks for its modules',
  },
  {
    tool: 'java',
    file: '.java-version',
    content: 'temurin64-17.0.9\n',
    reads: 'temurin-17.0.9',
    why: "jenv's spelling",
  },
  {
    tool: 'java',
    file: '.sdkmanrc',
    content: 'java=17.0.15-tem\n',
    reads: '17.0.15-tem',
    why: "SDKMAN's name of the vendor",
  },
  { tool: 'java', file: '.sdkmanrc', content: 'gradle=8.5\n', why: 'it says nothing of Java' },
  {
    tool: 'java',
    file: 'pom.xml',
    content: '<project><properties><maven.compiler.source>1.7</maven.compiler.source></properties></project>',
    reads: '>=7',
    why: 'a floor: that line, or the next that is offered',
  },
  {
    tool: 'node',
    file: '.tool-versions',
    content: 'nodejs 20.1.0 18.2.0\n',
    reads: '20.1.0',
    why: 'the first version is the default',
  },
  {
    tool: 'node',
    file: '.tool-versions',
    content: 'nodejs ref:v20\n',
    says: 'the form ref: is not offered',
    why: 'refused by name',
  },
  {
    tool: 'node',
    file: '.tool-versions',
    content: 'nodejs path:/x\n',
    says: 'the form path: is not offered',
    why: 'a repository chooses no program outside the store',
  },
  { tool: 'node', file: 'mise.toml', content: tools('node = "20"'), reads: '20', why: 'a version' },
  {
    tool: 'node',
    file: '.config/mise.toml',
    content: tools('node = { prefix = "20" }'),
    reads: 'prefix:20',
    why: "one of mise's other places",
  },
  {
    tool: 'node',
    file: 'mise.toml',
    content: tools('node = { version = "20", prefix = "22" }'),
    says: 'version and prefix',
    why: 'two selectors',
  },
  {
    tool: 'node',
    file: '.config/mise/conf.d/20-node.toml',
    content: tools('node = "20"'),
    beside: { '.config/mise/conf.d/10-node.toml': tools('node = "18"') },
    reads: '20',
    why: "mise's fragments: of two, the later in the alphabet decides",
  },
  {
    tool: 'node',
    file: 'mise.toml',
    content: tools('node = [{ version = "18", os = ["windows"] }, { version = "20", os = ["linux", "macos"] }]'),
    reads: '20',
    why: 'what is for other systems does not count',
  },
  { tool: 'node', file: 'mise.toml', content: tools('node = 20'), says: 'in quotes', why: 'it is no text' },
  {
    tool: 'node',
    file: 'mise.toml',
    content: tools('node = { postinstall = "x" }'),
    says: 'names no version',
    why: 'said, and the next file decides',
  },
  {
    tool: 'node',
    file: 'MISE_ENV=ci',
    beside: { 'mise.ci.toml': tools('node = "22"'), 'mise.toml': tools('node = "20"') },
    reads: '22',
    why: 'its file decides for the call',
  },
  {
    tool: 'node',
    file: 'POLYENV_NODE=18',
    beside: { '.nvmrc': '20' },
    reads: '18',
    why: 'before every file, for the call',
  },
  {
    tool: 'go',
    file: 'GOWORK=off',
    beside: { 'go.work': 'go 1.24.13\n', 'go.mod': 'go 1.22\ntoolchain go1.22.5\n' },
    reads: '1.22.5',
    why: 'no workspace, for the call',
  },
];
