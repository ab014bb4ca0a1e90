import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether certificates can be made here. */
export const openssl = ((): boolean => {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
})();

/** An authority (`ca.pem`) in the folder, and what it says of this host (`good`) and of another one (`foreign`): `.pem` and `.key`. */
export function makeCertificates(folder: string): void {
  const run = (line: string) => execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' });
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  run(`req -x509 ${key} -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca`);
  for (const [name, alt] of [
    ['good', 'DNS:localhost,IP:127.0.0.1'],
    ['foreign', 'DNS:example.org'],
  ] as const) {
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${alt}\n`);
    run(`req ${key} -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
    run(
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${name}.pem -days 2 -extfile ${name}.ext`,
    );
  }
}
