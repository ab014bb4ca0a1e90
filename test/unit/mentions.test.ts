import { describe, expect, it } from 'vitest';
import { readScalars } from '../../src/domain/formats/yaml-scalars';
import { namesVersions, readMentions } from '../../src/domain/pins/mentions';
import { imagesNamed } from '../../src/kit';
import { processorTime } from '../support/processor-time';

/** Tools that exist nowhere: what is read rests on the tables alone. */
const RUNTIMES = [
  {
    id: 'node',
    advice: {
      mentions: {
        images: [...imagesNamed('node', 'cimg/node', 'devcontainers/javascript-node'), /^distroless\/nodejs(\d+)/],
        steps: { 'actions/setup-node': { inputs: ['node-version'] }, NodeTool: { inputs: ['versionSpec'] } },
        features: ['node'],
        keys: { '.readthedocs': ['build.tools.nodejs'], '.travis': ['node_js'] },
        words: { iron: '20', 'lts/iron': '20' },
      },
    },
  },
  {
    id: 'rust',
    advice: {
      mentions: {
        images: imagesNamed('rust'),
        steps: { 'dtolnay/rust-toolchain': { inputs: ['toolchain'], ref: true } },
      },
    },
  },
  { id: 'java', advice: { mentions: { images: imagesNamed('eclipse-temurin') } } },
  { id: 'silent' },
] as const;

const read = (path: string, text: string) =>
  readMentions(path, { text, lines: text.split('\n') }, RUNTIMES).map(
    ({ tool, line, requests }) => `${line} ${tool} ${requests.join('|')}`,
  );

describe('a Dockerfile', () => {
  it.each([
    ['FROM node:20-alpine', ['1 node 20']],
    ['from node:20.11.1-bookworm-slim as build', ['1 node 20.11.1']],
    ['FROM --platform=$BUILDPLATFORM node:20 AS a', ['1 node 20']],
    ['FROM docker.io/library/node:20', ['1 node 20']],
    ['FROM registry.example.com:5000/mirror/node:20@sha256:00', ['1 node 20']],
    ['FROM localhost:5000/node:20', ['1 node 20']],
    ['FROM node@sha256:0000', []],
    ['FROM node', []],
    ['FROM node:alpine', []],
    ['FROM node:lts-alpine', []],
    ['FROM node:iron-alpine', ['1 node 20']],
    ['FROM somebody/node:3', []],
    ['FROM nodered:20', []],
    ['FROM my-node:20', []],
    ['FROM gcr.io/distroless/nodejs22-debian12', ['1 node 22']],
    ['FROM mcr.microsoft.com/devcontainers/javascript-node:1-20-bookworm', ['1 node 20']],
    ['FROM eclipse-temurin:21.0.5_11-jdk', ['1 java 21.0.5']],
    ['FROM eclipse-temurin:8u402-b06-jdk', ['1 java 8u402']],
    ['ARG V=20\nFROM node:${V}-alpine', ['2 node 20']],
    ['ARG V="20"\nARG I=node:$V\nFROM $I', ['3 node 20']],
    ['ARG V\nFROM node:${V:-18}', ['2 node 18']],
    ['ARG V\nFROM node:${V}', []],
    ['FROM alpine\nARG V=20\nFROM node:$V', []],
    ['FROM node:20 AS node\nFROM node', ['1 node 20']],
    ['FROM alpine AS rust\nFROM rust', []],
    ['# FROM node:18\n\nFROM \\\n  # a word\n  node:20', ['3 node 20']],
    ['FROM alpine\nCOPY --from=node:22 /a /b', ['2 node 22']],
    ['FROM alpine\nRUN echo FROM node:20', []],
  ])('%j says %j', (text, said) => {
    expect(read('app/Dockerfile', text)).toEqual(said);
  });

  it.each([
    ['Dockerfile', true],
    ['a/b/Dockerfile.dev', true],
    ['dev.Dockerfile', true],
    ['Containerfile', true],
    ['Dockerfile/x', false],
    ['src/main.yml', false],
    ['.github/workflows/ci.yaml', true],
    ['.github/dependabot.yml', false],
    ['a/compose.override.yaml', true],
    ['docker-compose.yml', true],
    ['.devcontainer/api/devcontainer.json', true],
  ])('%s is read: %j', (path, is) => {
    expect(namesVersions(path)).toBe(is);
  });
});

describe('a workflow', () => {
  const step = (lines: string, ref = 'actions/setup-node@v4') =>
    `jobs:\n  test:\n    steps:\n      - uses: ${ref}\n${lines}`;

  it.each([
    ['        with:\n          node-version: 20', ['6 node 20']],
    ['        with:\n          node-version: "20.x" # ours', ['6 node 20.x']],
    ["        with: { node-version: '20', cache: npm }", ['5 node 20']],
    ['        with:\n          node-version: lts/iron', ['6 node 20']],
    ['        with:\n          node-version: lts/*', []],
    ['        with:\n          node-version-file: .nvmrc', []],
    ['        with:\n          node-version: |\n            18\n            20', ['7 node 18|20']],
    ['        with:\n          node-version: ${{ inputs.node }}', []],
    ['        env:\n          V: 18\n        with:\n          node-version: ${{ env.V }}', ['8 node 18']],
  ])('%j', (text, said) => {
    expect(read('.github/workflows/ci.yml', step(text))).toEqual(said);
  });

  it('takes a version of the step for the tool where no input does', () => {
    expect(read('.github/workflows/ci.yml', step('', 'dtolnay/rust-toolchain@1.88'))).toEqual(['4 rust 1.88']);
    expect(read('.github/workflows/ci.yml', step('', 'dtolnay/rust-toolchain@stable'))).toEqual([]);
    expect(read('.github/workflows/ci.yml', step('', 'dtolnay/rust-toolchain@v1'))).toEqual([]);
    const text = step('        with:\n          toolchain: 1.80.0', 'dtolnay/rust-toolchain@1.88');
    expect(read('.github/workflows/ci.yml', text)).toEqual(['6 rust 1.80.0']);
  });

  it('reads a step with its name first, and the images of jobs', () => {
    const text =
      'jobs:\n  a:\n    container: node:20\n    steps:\n    - name: set up\n      uses: "actions/setup-node@v4"\n      with:\n        node-version: 18\n  b:\n    container:\n      image: ghcr.io/x/node:22\n';
    expect(read('.github/workflows/ci.yml', text)).toEqual(['3 node 20', '8 node 18', '11 node 22']);
  });

  it.each([
    ['node: [18, 20]', '4 node 18|20'],
    ['node:\n          - 18\n          - "20"', '5 node 18|20'],
    ['node: [\n          18, # old\n          20,\n        ]', '5 node 18|20'],
    ['include:\n          - node: 18\n            os: a\n          - { os: b, node: 20 }', '5 node 18|20'],
  ])('follows a matrix: %j', (matrix, said) => {
    const whole = `jobs:\n  a:\n    strategy:\n      matrix:\n        ${matrix}\n    steps:\n      - uses: actions/setup-node@v4\n        with:\n          node-version: \${{ matrix.node }}\n`;
    const [found = ''] = read('.github/workflows/ci.yml', whole);
    expect(found.replace(/^\d+/, '')).toBe(said.replace(/^\d+/, ''));
  });
});

describe('other YAML', () => {
  it.each([
    ['.gitlab-ci.yml', 'image: node:20', ['1 node 20']],
    ['.gitlab-ci.yml', 'variables:\n  V: "20"\na:\n  image:\n    name: node:$V', ['5 node 20']],
    ['.gitlab-ci.yml', '.i: &i node:20\na:\n  image: *i', ['3 node 20']],
    ['.circleci/config.yml', 'jobs:\n  a:\n    docker:\n      - image: cimg/node:20.11', ['4 node 20.11']],
    ['compose.yaml', 'services:\n  a:\n    image: "node:${V:-20}-alpine"', ['3 node 20']],
    ['compose.yaml', 'services:\n  a:\n    image: postgres:16', []],
    ['cloudbuild.yaml', 'steps:\n- name: node:20\n  entrypoint: npm', ['2 node 20']],
    ['azure-pipelines.yml', 'steps:\n- task: NodeTool@0\n  inputs:\n    versionSpec: 20.x', ['4 node 20.x']],
    ['.readthedocs.yaml', 'build:\n  tools:\n    nodejs: "20"', ['3 node 20']],
    ['.travis.yml', 'node_js:\n- 18\n- 20', ['2 node 18|20']],
    ['.gitlab-ci.yml', 'a:\n  script:\n    - |\n      image: node:20\n    - echo "image: node:18"', []],
  ])('%s: %j', (path, text, said) => {
    expect(read(path, text)).toEqual(said);
  });
});

describe('devcontainer.json and Jenkinsfile', () => {
  it('reads JSON with comments and commas too many', () => {
    const text =
      '{\n  // "image": "node:14",\n  "image": "mcr.microsoft.com/devcontainers/javascript-node:20", /* , } */\n  "features": {\n    "ghcr.io/devcontainers/features/node:1": { "version": "18", },\n    "ghcr.io/devcontainers/features/node": "22",\n    "ghcr.io/devcontainers/features/node:2": { "version": "lts" },\n  },\n}';
    expect(read('.devcontainer/devcontainer.json', text)).toEqual(['3 node 20', '5 node 18', '6 node 22']);
  });

  it('says nothing of what is no JSON', () => {
    expect(read('.devcontainer.json', '{"image": "node:20"')).toEqual([]);
    expect(read('.devcontainer.json', '["node:20"]')).toEqual([]);
  });

  it('reads the images of a Jenkinsfile', () => {
    const text = "agent { docker { image 'node:20' } }\n// image 'node:18'\ndocker.image(\"node:22\").inside {";
    expect(read('Jenkinsfile', text)).toEqual(['1 node 20', '3 node 22']);
  });
});

describe('scalars of YAML', () => {
  it.each([
    ["a: 'it''s' # c", [['a', "it's"]]],
    ['"a b": "c \\"d\\""', [['a b', 'c "d"']]],
    [
      'a:\n- b: 1\n  c: 2\n- 3',
      [
        ['a.0.b', '1'],
        ['a.0.c', '2'],
        ['a.1', '3'],
      ],
    ],
    [
      'a: {b: [1, "x, y"], c: d e}',
      [
        ['a.b.0', '1'],
        ['a.b.1', 'x, y'],
        ['a.c', 'd e'],
      ],
    ],
    [
      'a: |\n  b: 1\n\n  c\nd: 2',
      [
        ['a.0', 'b: 1'],
        ['a.1', 'c'],
        ['d', '2'],
      ],
    ],
    [
      '- - 1\n  - 2\n- 3',
      [
        ['0.0', '1'],
        ['0.1', '2'],
        ['1', '3'],
      ],
    ],
    [
      'a: b#c\n---\nd: http://x/y',
      [
        ['a', 'b#c'],
        ['d', 'http://x/y'],
      ],
    ],
    [
      'a: one\n  two\nb: 3',
      [
        ['a', 'one'],
        ['b', '3'],
      ],
    ],
  ])('%j', (text, found) => {
    expect(readScalars(text.split('\n')).map(({ path, text: value }) => [path.join('.'), value])).toEqual(found);
  });
});

describe('what is meant to hang', () => {
  const long = (text: string) => text.repeat(Math.floor(1_000_000 / text.length));
  it.each([
    ['.github/workflows/a.yml', long('- ')],
    ['.github/workflows/a.yml', `a: ${long('[')}`],
    ['.github/workflows/a.yml', `a: [\n${long(`${'"\\'.repeat(1500)}\n`)}`],
    ['.github/workflows/a.yml', `a: [${long(`"\n`)}`],
    ['.github/workflows/a.yml', long(' - uses: actions/setup-node@v4\n')],
    ['.github/workflows/a.yml', long('- uses: actions/setup-node@v4\n  with: {node-version: "${{ matrix.a }}"}\n')],
    [
      '.github/workflows/a.yml',
      long('a:\n')
        .split('\n')
        .map((line, index) => ' '.repeat(index % 1000) + line)
        .join('\n'),
    ],
    ['.devcontainer.json', long('"\\')],
    ['.devcontainer.json', long('/*')],
    ['.devcontainer.json', long(', ')],
    ['Dockerfile', long('FROM \\\n')],
    ['Dockerfile', long('ARG A=${A:-$A}\n')],
    ['Dockerfile', `FROM ${long('${A')}`],
    ['Dockerfile', `ARG A=${long('"')}`],
    ['Jenkinsfile', long("image 'a")],
    ['Jenkinsfile', long('image    (')],
    ['compose.yml', `a:\n  image: ${long('a/')}`],
  ])('%s is read in no time', (path, text) => {
    const used = processorTime();
    expect(read(path, text)).toEqual([]);
    expect(used()).toBeLessThan(2500);
  });
});
