import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const repository = join(here, '..', '..', '..', '..')

/** Stack is the whole service on this machine, with a hub and devices: localstack, as a process of its own. */
export class Stack {
  output = ''
  /** Where pages may go: the console's own origin, and the OAuth server's. */
  origins: string[] = []
  private readonly done: Promise<void>

  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {
    const take = (data: Buffer): void => {
      this.output += data.toString()
    }
    process.stdout?.on('data', take)
    process.stderr?.on('data', take)
    this.done = new Promise((resolve) => process.once('exit', () => resolve()))
  }

  /** start builds the stack and waits until the console has an address. STACK names a program that is built already. */
  static async start(): Promise<Stack> {
    const folder = mkdtempSync(join(tmpdir(), 'console-e2e-'))
    let program = process.env['STACK']
    if (!program) {
      mkdirSync(join(here, '.stack'), { recursive: true })
      program = join(here, '.stack', 'localstack')
      execFileSync('go', ['build', '-o', program, './localstack'], {
        cwd: repository,
        stdio: 'inherit',
      })
    }
    const stack = new Stack(
      spawn(program, ['--dir', join(folder, 'data'), '--api-port', '0'], {
        stdio: ['pipe', 'pipe', 'pipe'],
        cwd: folder,
      }),
      folder,
    )
    await stack.printed(/^\s+console\s+https?:\/\/\S+/m)
    await stack.printed(/quit/)
    const login = (await (await fetch(`${stack.url}/api/v1/login`)).json()) as {
      authority: string
    }
    stack.origins = [new URL(stack.url).origin, new URL(login.authority).origin]
    return stack
  }

  /** url is where the console is, without a slash at the end. */
  get url(): string {
    return (/^\s+console\s+(https?:\/\/\S+?)\/?\s/m.exec(this.output)?.[1] ?? '').replace(/\/$/, '')
  }

  /** provision lets devices come, one after the other. */
  provision(count: number): void {
    this.process.stdin?.write(`${count}\n`)
  }

  /** refuse lets a device come that asks for another one's id. */
  refuse(): void {
    this.process.stdin?.write('refused\n')
  }

  async stop(): Promise<void> {
    this.process.stdin?.end('quit\n')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000)
    await this.done
    clearTimeout(timer)
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** printed waits until the stack has said something. */
  private async printed(what: RegExp): Promise<void> {
    const end = Date.now() + 60_000
    while (!what.test(this.output)) {
      if (this.process.exitCode !== null || Date.now() > end) throw new Error(`the stack did not say ${what}:\n${this.output}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
