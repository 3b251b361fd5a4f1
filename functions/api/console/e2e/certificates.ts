import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Chain is a manufacturer's root and factory authority in files, factory first. */
export interface Chain {
  file: string
  pem: string
  root: string
  factory: string
}

const openssl = (folder: string, ...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })

/** makeChain makes a fresh chain of two authorities. */
export function makeChain(maker: string): Chain {
  const folder = mkdtempSync(join(tmpdir(), 'console-ca-'))
  const root = `${maker} root`
  const factory = `${maker} factory`
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    folder,
    'req',
    '-x509',
    ...curve,
    '-keyout',
    'root.key',
    '-out',
    'root.crt',
    '-subj',
    `/CN=${root}`,
    '-days',
    '30',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  )
  openssl(folder, 'req', ...curve, '-keyout', 'factory.key', '-out', 'factory.csr', '-subj', `/CN=${factory}`)
  writeFileSync(join(folder, 'ca.ext'), 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n')
  openssl(
    folder,
    'x509',
    '-req',
    '-in',
    'factory.csr',
    '-CA',
    'root.crt',
    '-CAkey',
    'root.key',
    '-CAcreateserial',
    '-days',
    '30',
    '-extfile',
    'ca.ext',
    '-out',
    'factory.crt',
  )
  const pem = readFileSync(join(folder, 'factory.crt'), 'utf8') + readFileSync(join(folder, 'root.crt'), 'utf8')
  const file = join(folder, 'chain.pem')
  writeFileSync(file, pem)
  return { file, pem, root, factory }
}
