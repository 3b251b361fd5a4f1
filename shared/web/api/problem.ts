import { isObject, type JsonObject } from '../lib/json'

/** Problem is a refusal by a server (RFC 9457), or its silence (status 0). Its message is fit for people. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code = '',
    /** What else the answer says. */
    readonly more: JsonObject = {},
  ) {
    super(message)
    this.name = 'Problem'
  }

  /** current is, on a conflict, the object as it stands now. */
  get current(): JsonObject | undefined {
    const current = this.more['current']
    return isObject(current) ? current : undefined
  }

  /** Somebody else changed the object since it was read. */
  get isConflict(): boolean {
    return (this.status === 409 || this.status === 412) && this.current !== undefined
  }

  get isMissing(): boolean {
    return this.status === 404
  }

  /** reason says in a word why, where the server does. */
  get reason(): string {
    const reason = this.more['reason']
    return typeof reason === 'string' ? reason : ''
  }
}

export const unreachable = (): Problem =>
  new Problem(0, 'The server does not answer. Is it running, and is this computer online?', 'unreachable')

/** problemOf reads an answer that is no success. */
export async function problemOf(response: Response): Promise<Problem> {
  const fallback = `The server answered with status ${response.status}.`
  try {
    const body: unknown = await response.json()
    if (!isObject(body)) return new Problem(response.status, fallback)
    const { detail, code } = body
    return new Problem(
      response.status,
      typeof detail === 'string' && detail ? detail : fallback,
      typeof code === 'string' ? code : '',
      body,
    )
  } catch {
    return new Problem(response.status, fallback)
  }
}

/** messageOf says what went wrong, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something unexpected went wrong in this page.'
}
