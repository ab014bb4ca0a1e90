import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { discard } from '../support/discard';

export interface Site {
  readonly base: string;
  /** The setting by which every host of the files is this site. */
  readonly mirrors: string;
  close(): void;
}

/** The files of several hosts below one address of loopback, served from `folder`, which is made and goes with the site. */
export async function openSite(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<Site> {
  mkdirSync(folder);
  const paths = Object.entries(files).map(([url, content], index) => {
    writeFileSync(join(folder, String(index)), content);
    return [url.replace('https://', '/'), String(index)] as const;
  });
  writeFileSync(join(folder, 'paths.json'), JSON.stringify(Object.fromEntries(paths)));
  const server = spawn(process.execPath, ['-e', SERVER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<string>((done) =>
    server.stdout.once('data', (text: Buffer) => done(`${text}`.trim())),
  );
  const base = `http://127.0.0.1:${port}`;
  const hosts = [...new Set(Object.keys(files).map((url) => new URL(url).origin))];
  return {
    base,
    mirrors: hosts.map((origin) => `${origin}=${origin.replace('https://', `${base}/`)}`).join(' '),
    close: () => {
      server.kill();
      discard(folder);
    },
  };
}

/** Serves `/HOST/PATH?QUERY` from numbered files, in a process of its own. */
const SERVER = `
const { createReadStream, readFileSync, statSync } = require('node:fs');
const site = process.argv[1];
const paths = JSON.parse(readFileSync(site + '/paths.json', 'utf8'));
const server = require('node:http').createServer((request, response) => {
  const name = paths[request.url] ?? paths[decodeURIComponent(request.url)];
  if (name === undefined) return response.writeHead(404).end();
  const file = site + '/' + name;
  response.writeHead(200, { 'content-length': statSync(file).size });
  createReadStream(file, { highWaterMark: 2 ** 20 }).pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;
