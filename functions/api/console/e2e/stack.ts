import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Localstack } from '../../../../shared/web/e2e/localstack'

/** Stack is the whole service on this machine, with a hub and devices. */
export class Stack {
  private constructor(
    private readonly local: Localstack,
    /** url is where the console is, without a slash at the end. */
    readonly url: string,
    /** Where pages may go: the console's own origin, and the OAuth server's. */
    readonly origins: string[],
  ) {}

  /** start builds the stack and waits until the console has an address. */
  static async start(): Promise<Stack> {
    const printed = /^\s+console\s+(https?:\/\/\S+?)\/?\s/m
    const local = await Localstack.start(dirname(fileURLToPath(import.meta.url)), ['--api-port', '0'], [printed, /quit/])
    const url = local.found(printed)
    const login = (await (await fetch(`${url}/api/v1/login`)).json()) as { authority: string }
    return new Stack(local, url, [new URL(url).origin, new URL(login.authority).origin])
  }

  /** provision lets devices come, one after the other. */
  provision(count: number): void {
    this.local.type(String(count))
  }

  /** refuse lets a device come that asks for another one's id. */
  refuse(): void {
    this.local.type('refused')
  }

  stop(): Promise<void> {
    return this.local.stop()
  }
}
