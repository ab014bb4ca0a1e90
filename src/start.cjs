'use strict';
// What is started first: read by any Node, however old, so in the language of the oldest. It checks the Node before
// anything is loaded; one that is too old starts polyenv again by the launcher's own Node, or says what is needed.
var process = require('process');
var NEEDED = [20, 19];

function isGood(version) {
  var parts = version.replace(/^v/, '').split('.');
  return +parts[0] > NEEDED[0] || (+parts[0] === NEEDED[0] && +parts[1] >= NEEDED[1]);
}

function homes() {
  var env = process.env;
  var person = env.HOME || '/';
  return [
    env.POLYENV_HOME,
    env.POLYENV_SAVED_HOME,
    (env.XDG_DATA_HOME || person + '/.local/share') + '/polyenv',
  ].filter(function (home) {
    return home && home.charAt(0) === '/';
  });
}

// Node reads words as UTF-8, and what is none is lost: then sh makes them, byte for byte, of what the system knows.
function callOf(fs, launcher, words) {
  var plain = [launcher, words];
  if (words.join('').indexOf('\ufffd') < 0) return plain;
  var bytes;
  try {
    bytes = fs.readFileSync('/proc/self/cmdline');
  } catch (error) {
    return plain;
  }
  var given = [];
  for (var at = 0; at < bytes.length; ) {
    var end = at;
    while (end < bytes.length && bytes[end] !== 0) end += 1;
    given.push(bytes.slice(at, end));
    at = end + 1;
  }
  if (given.length < words.length) return plain;
  var script = given.slice(given.length - words.length).map(function (word) {
    var octal = '';
    for (var index = 0; index < word.length; index += 1) octal += '\\' + ('00' + word[index].toString(8)).slice(-3);
    return "__polyenv_w=$(printf '" + octal + "x') && set -- \"$@\" \"${__polyenv_w%x}\"\n";
  });
  return ['/bin/sh', ['-c', script.join('') + 'unset __polyenv_w\nexec "$0" "$@"', launcher]];
}

function startAgain() {
  var fs = require('fs');
  var env = process.env;
  for (var index = 0; index < homes().length; index += 1) {
    var launcher = homes()[index] + '/bin/polyenv';
    var node;
    try {
      node = /^# node: (.+)$/m.exec(fs.readFileSync(launcher, 'utf8'))[1];
      fs.accessSync(node, fs.constants ? fs.constants.X_OK : fs.X_OK);
    } catch (error) {
      continue;
    }
    // Once only: a launcher that leads back here has no good Node either.
    if (env.POLYENV_STARTED_AGAIN || fs.realpathSync(node) === fs.realpathSync(process.execPath)) continue;
    env.POLYENV_STARTED_AGAIN = '1';
    var call = callOf(fs, launcher, process.argv.slice(2));
    var ran = require('child_process').spawnSync(call[0], call[1], { stdio: 'inherit', env: env });
    if (ran.error) continue;
    return ran.status === null ? 1 : ran.status;
  }
  process.stderr.write(
    'error[cannot-start] polyenv needs Node ' + NEEDED.join('.') + ' or newer, and ' + process.execPath + ' is ' +
      process.version + '\n  try  start it by a newer one: /path/to/node ' + __filename + ' setup\n'
  );
  return 1;
}

function start() {
  try {
    require('./main.cjs');
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    process.exitCode = 1;
    process.stderr.write(
      'error[failed] this polyenv is not complete: its file main.cjs is missing\n' +
        '  try  install it again, as you did the first time: your projects and what they use stay as they are\n'
    );
  }
}

if (isGood(process.version)) {
  delete process.env.POLYENV_STARTED_AGAIN;
  start();
} else {
  process.exitCode = 1;
  process.exit(startAgain());
}
