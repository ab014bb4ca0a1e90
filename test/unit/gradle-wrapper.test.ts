import { describe, expect, it } from 'vitest';
import { runtime } from '../../runtimes/gradle';
import { documentOf } from '../../src/adapters/documents/documents';
import { gradleWrapper } from '../../src/domain/pins/files/gradle-wrapper';

const read = (text: string) =>
  gradleWrapper.read(documentOf({ path: '/p/gradle/wrapper/gradle-wrapper.properties', boundary: () => '/p' }, text));

describe("the properties of Gradle's wrapper", () => {
  it.each([
    ['distributionUrl=https\\://services.gradle.org/distributions/gradle-8.10-bin.zip', '==8.10', 1],
    ['a=b\r\ndistributionUrl = https\\://mirror.test/x/gradle-8.10.2-all.zip\r\n', '==8.10.2', 2],
    ['distributionUrl: https://services.gradle.org/distributions/gradle-9.0-rc-1-bin.zip', '==9.0-rc-1', 1],
    ['distributionUrl=x/gradle-7.6-bin.zip\ndistributionUrl=x/gradle-8.1-bin.zip', '==8.1', 2],
  ])('%j', (text, request, line) => {
    expect(read(text).pins).toEqual([{ strength: 'pin', requests: [request], line }]);
  });

  it('come before .sdkmanrc, whose gradle= is one release too', () => {
    expect(runtime.pins.map(({ file }) => file)).toEqual(['gradle/wrapper/gradle-wrapper.properties', '.sdkmanrc']);
    const sdkmanrc = documentOf({ path: '/p/.sdkmanrc', boundary: () => '/p' }, 'java=17.0.15-tem\ngradle=8.10\n');
    expect(runtime.pins[1]?.read(sdkmanrc).pins).toEqual([{ strength: 'pin', requests: ['==8.10'], line: 2 }]);
  });

  it('pin nothing where they name no distribution', () => {
    expect(read('# distributionUrl=x/gradle-8.1-bin.zip\nzipStorePath=wrapper/dists\n').pins).toEqual([]);
  });

  it.each(['distributionUrl=', 'distributionUrl=https\\://x.test/gradle.zip', 'distributionUrl=${url}'])(
    'are refused with the line where the version cannot be told: %j',
    (text) => {
      expect(() => read(`\n${text}`)).toThrow(expect.objectContaining({ code: 'pin-file-invalid' }));
    },
  );
});
