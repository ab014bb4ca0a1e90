import { expect, it } from 'vitest';
import { sidesOf } from '../../src/domain/toolchain/lock-conflict';

it('takes a conflict apart, with and without the common ancestor', () => {
  const text = 'a\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\nb\n';
  expect(sidesOf(text)).toEqual({ ours: 'a\nours\nb\n', theirs: 'a\ntheirs\nb\n', line: 2 });
  const diff3 =
    'a\n<<<<<<< HEAD\nours\n||||||| base\nold\n=======\ntheirs\n>>>>>>> branch\n<<<<<<< HEAD\n=======\nmore\n>>>>>>> x\n';
  expect(sidesOf(diff3)).toEqual({ ours: 'a\nours\n', theirs: 'a\ntheirs\nmore\n', line: 2 });
});

it('keeps the line ends of Windows', () => {
  expect(sidesOf('<<<<<<< HEAD\r\nours\r\n=======\r\ntheirs\r\n>>>>>>> b\r\n')).toMatchObject({
    ours: 'ours\r\n',
    theirs: 'theirs\r\n',
  });
});

it.each(['', 'a\n=======\nb\n', '<<<<<<<<\n', 'x = "<<<<<<< HEAD"\n', '>>>>>>> b\n'])('finds none in %j', (text) => {
  expect(sidesOf(text)).toBeUndefined();
});
