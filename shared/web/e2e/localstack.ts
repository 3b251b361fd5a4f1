import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** Localstack is the whole service on this machine, with a hub, devices and the d2d client: ./localstack, as a process of its own. */
export class Localstack {
  /** What it has printed so far. */
  output = ''
  private readonly done: Promise<void>

  private constructor(
    private readonly process: ChildProcess,
    /** Where it runs; its data are in data/. */
    readonly folder: string,
  ) {
    const take = (data: Buffer): void => {
      this.output += data.toString()
    }
    process.stdout?.on('data', take)
    process.stderr?.on('data', take)
    this.done = new Promise((resolve) => process.once('exit', () => resolve()))
  }

  /** start builds it into the folder here/.stack and waits until it has printed all of ready. STACK names a program that is built already. */
  static async start(here: string, args: string[], ready: RegExp[]): Promise<Localstack> {
    const folder = mkdtempSync(join(tmpdir(), 'e2e-'))
    const stack = new Localstack(
      spawn(process.env['STACK'] ?? build(here), ['--dir', join(folder, 'data'), ...args], {
        stdio: ['pipe', 'pipe', 'pipe'],
        cwd: folder,
      }),
      folder,
    )
    for (const what of ready) await stack.printed(what)
    return stack
  }

  /** found gives what it printed in the brackets of the expression. */
  found(what: RegExp): string {
    return what.exec(this.output)?.[1] ?? ''
  }

  /** type gives it a command. */
  type(line: string): void {
    this.process.stdin?.write(`${line}\n`)
  }

  async stop(): Promise<void> {
    this.process.stdin?.end('quit\n')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000)
    await this.done
    clearTimeout(timer)
    rmSync(this.folder, { recursive: true, force: true })
  }

  private async printed(what: RegExp): Promise<void> {
    const end = Date.now() + 60_000
    while (!what.test(this.output)) {
      if (this.process.exitCode !== null || Date.now() > end) {
        this.process.kill('SIGKILL')
        throw new Error(`the stack did not say ${what}:\n${this.output}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

function build(here: string): string {
  const program = join(here, '.stack', 'localstack')
  mkdirSync(dirname(program), { recursive: true })
  execFileSync('go', ['build', '-o', program, './localstack'], { cwd: repository, stdio: 'inherit' })
  return program
}
