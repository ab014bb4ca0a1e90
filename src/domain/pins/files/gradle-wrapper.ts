import type { PinFile } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { invalidPin } from './pin-text';

/**
 * `gradle-wrapper.properties`: the version in the name of the distribution, exactly that one.
 * https://docs.gradle.org/current/userguide/gradle_wrapper.html#sec:configuring_the_wrapper
 */
export const gradleWrapper: PinFile = {
  file: 'gradle/wrapper/gradle-wrapper.properties',
  read: (document) => {
    const index = document.lines.findLastIndex((line) => KEY.test(line));
    if (index === -1) return { pins: [] };
    const line = index + 1;
    const url = (KEY.exec(document.lines[index] ?? '')?.[1] ?? '').replaceAll('\\', '').trim();
    const version = /\/gradle-(\d[0-9A-Za-z.-]*?)-(?:bin|all)\.zip$/.exec(url)?.[1];
    if (version === undefined) {
      throw invalidPin(document, line, `distributionUrl ${quoted(url)} names no version of Gradle`);
    }
    return { pins: [{ strength: 'pin', requests: [`==${version}`], line }] };
  },
};

const KEY = /^\s*distributionUrl\s*[=:]\s*(.*)$/;
