import type { Document, PinFile, PinReading } from '../../runtime/runtime';

/**
 * The Java that a Gradle build compiles with or for, a floor, where it stands as a plain number: the toolchain's
 * `languageVersion`, `jvmToolchain`, `options.release`, `sourceCompatibility`
 * (https://docs.gradle.org/current/userguide/toolchains.html). A build script is a program: what it computes is not read.
 */
export const gradleBuild: PinFile = { file: 'build.gradle', strength: 'floor', read: readBuild };

export const gradleBuildKotlin: PinFile = { file: 'build.gradle.kts', strength: 'floor', read: readBuild };

const NUMBER = `["']?(?:1\\.)?(\\d{1,3})["']?`;
const SET = '(?:\\s*=\\s*|\\s*\\.\\s*set\\s*\\(\\s*|\\s+|\\s*\\(\\s*)';

const FORMS = [
  new RegExp(`\\blanguageVersion${SET}JavaLanguageVersion\\s*\\.\\s*of\\s*\\(\\s*${NUMBER}\\s*\\)`),
  new RegExp(`\\bjvmToolchain\\s*\\(?\\s*${NUMBER}(?![.\\w])`),
  new RegExp(`\\boptions\\.release${SET}${NUMBER}(?![.\\w])`),
  new RegExp(
    `\\b(?:sourceCompatibility|targetCompatibility)${SET}(?:JavaVersion\\s*\\.\\s*VERSION_(?:1_)?(\\d{1,3})|(?:JavaVersion\\s*\\.\\s*toVersion\\s*\\(\\s*)?${NUMBER})(?![.\\w])`,
  ),
];

function readBuild(document: Document): PinReading {
  const text = withoutComments(document.text);
  for (const form of FORMS) {
    const found = form.exec(text);
    const version = found?.[1] ?? found?.[2];
    if (found === null || version === undefined) continue;
    const line = text.slice(0, found.index).split('\n').length;
    return { pins: [{ strength: 'floor', requests: [version], line, atLeast: true, nearest: true }] };
  }
  return { pins: [] };
}

/** Comments become blanks, line ends stay; what looks like a comment within quotes is none. */
function withoutComments(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, (token) =>
      token.startsWith('/') ? token.replace(/[^\n]/g, ' ') : token,
    );
}
