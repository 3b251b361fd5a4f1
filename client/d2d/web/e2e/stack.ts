import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Localstack } from '../../../../shared/web/e2e/localstack'

/** Site is a d2d client with devices around it, and what somebody must know who is to use it. */
interface Site {
  /** Where the page is, without a slash at the end. */
  url: string
  /** The pre-shared key that the provisioned devices hold, and the id they hold it under. */
  subjectId: string
  key: string
  /** Whose devices they are, as the OAuth server knows him. */
  owner: string
}

interface Remote {
  authority: string
  certificateAuthority: string
}

/** Stack is the whole stack: hub, service, devices and the d2d client; or, where D2D_URL is set, one that runs already. */
export class Stack {
  private constructor(
    private readonly local: Localstack | undefined,
    private readonly site: Site,
    private readonly remote: Remote,
  ) {}

  /** start starts it. isolated puts client and devices into a network of their own, without a way to the hub; that needs root. */
  static async start(isolated = false): Promise<Stack> {
    if (process.env['D2D_URL'] && !isolated) return Stack.of(undefined, fromEnvironment(process.env['D2D_URL']))
    const args = ['--api-port', '0', '--client-port', '0', ...(isolated ? ['--isolated'] : [])]
    const at = isolated ? /Open (http:\/\/\S+?)\/ and log in/ : /open (http:\/\/\S+?)\/ and become a member/
    const local = await Localstack.start(dirname(fileURLToPath(import.meta.url)), args, [at, /quit/])
    const [, subjectId = '', file = ''] = /by key\s+id (\S+), key in (\S+)/.exec(local.output) ?? []
    const key = file ? readFileSync(resolve(local.folder, file), 'utf8').trim() : ''
    return Stack.of(local, { url: local.found(at), subjectId, key, owner: '1' })
  }

  private static async of(local: Localstack | undefined, site: Site): Promise<Stack> {
    const answer = await fetch(`${site.url}/.well-known/configuration`, { headers: { accept: 'application/json' } })
    const { remoteProvisioning } = (await answer.json()) as { remoteProvisioning: Remote }
    return new Stack(local, site, remoteProvisioning)
  }

  get url(): string {
    return this.site.url
  }

  get subjectId(): string {
    return this.site.subjectId
  }

  get key(): string {
    return this.site.key
  }

  get owner(): string {
    return this.site.owner
  }

  /**
   * address is where the stack's device of that name can be discovered. Other stacks on this machine may have devices of the same
   * names, and multicast finds them, too.
   */
  address(name: string): string {
    const found = [...(this.local?.output ?? '').matchAll(/^\s+device\s+(\S+:\d+)\s+(\S+)/gm)].find((m) => m[2] === name)?.[1]
    const address = found ?? process.env[`D2D_${name.toUpperCase().replaceAll('-', '_')}`]
    if (!address) throw new Error(`the stack has no device ${name}`)
    return address
  }

  /** signing is where the signing service is. */
  get signing(): string {
    return this.remote.certificateAuthority
  }

  /** Where pages may go: the client, the OAuth server, the signing service. */
  get origins(): string[] {
    return [this.url, this.remote.authority, this.remote.certificateAuthority].map((url) => new URL(url).origin)
  }

  /** forget makes the client nobody, whoever it is, as a program of its owner would. */
  async forget(): Promise<void> {
    const answer = await this.reset()
    if (answer.ok || answer.status === 409) return // 409: it was nobody already
    throw new Error(`reset: ${answer.status} ${await answer.text()}`)
  }

  private async reset(): Promise<Response> {
    const ask = (token: string): Promise<Response> =>
      fetch(`${this.url}/api/v1/reset`, {
        method: 'POST',
        headers: { accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      })
    const answer = await ask('')
    return answer.status === 401 ? ask(await this.token()) : answer
  }

  /** token is one of the owner's, by client credentials; D2D_TOKEN for a client that runs elsewhere. */
  private async token(): Promise<string> {
    if (process.env['D2D_TOKEN']) return process.env['D2D_TOKEN']
    const form = {
      grant_type: 'client_credentials',
      client_id: 'dpsctl-ci',
      client_secret: 'dpsctl-ci',
      'https://plgd.dev/owner': this.owner,
    }
    const answer = await fetch(`${this.remote.authority}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  async stop(): Promise<void> {
    await this.local?.stop()
  }
}

function fromEnvironment(url: string): Site {
  const file = process.env['D2D_KEY_FILE']
  return {
    url: url.replace(/\/$/, ''),
    subjectId: process.env['D2D_SUBJECT_ID'] ?? '',
    key: file ? readFileSync(file, 'utf8').trim() : '',
    owner: process.env['D2D_OWNER'] ?? '1',
  }
}
